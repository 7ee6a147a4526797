import ByteCodec
import KafkaWire
import Units

extension GroupCoordinator {
  /// The shortest list of records whose replay gives the durable state there is now.
  package func snapshot() -> [CoordinatorWrite] {
    var writes: [CoordinatorWrite] = []
    for id in groups.keys.sorted() {
      guard let group = groups[id] else { continue }
      // What was staged and then overtaken comes first, so that replay finds it overtaken.
      writes += staged(in: group, of: id) { $0.isOvertaken }
      var records = group.records
      records += group.offsets.committed.sorted { $0.key < $1.key }
        .map { GroupRecord.offset($0.value, of: $0.key, in: id) }
      if !records.isEmpty {
        writes.append(CoordinatorWrite(topic: .consumerOffsets, owner: id, records: records, marks: []))
      }
      writes += staged(in: group, of: id) { !$0.isOvertaken }
    }
    return writes
  }

  private func staged(
    in group: Group, of id: String, where belongs: (StagedOffset) -> Bool
  ) -> [CoordinatorWrite] {
    group.offsets.staged.sorted { $0.key < $1.key }.compactMap { producer, offsets in
      let some = offsets.filter { belongs($0.value) }.sorted { $0.key < $1.key }
      guard !some.isEmpty else { return nil }
      return CoordinatorWrite(
        topic: .consumerOffsets, owner: id,
        records: some.map { GroupRecord.offset($0.value.offset, of: $0.key, in: id) }, marks: [],
        producer: ProducerIdentity(id: producer, epoch: 0))
    }
  }

  /// The durable state as bytes: equal states have equal ones.
  package var encoded: [UInt8] {
    var writer = ByteWriter()
    for write in snapshot() {
      writer.writeInt64(write.producer?.id ?? -1)
      for record in write.records {
        writer.writeInt32(Int32(clamping: record.key.count))
        writer.writeBytes(record.key)
        writer.writeInt32(Int32(clamping: record.value?.count ?? -1))
        writer.writeBytes(record.value ?? [])
      }
    }
    for (group, partitions) in restated.sorted(by: { $0.key < $1.key }) {
      for partition in partitions.sorted() {
        writer.writeText(group)
        writer.writeText(partition.topic)
        writer.writeInt32(partition.partition)
      }
    }
    return writer.takeArray()
  }
}

extension GroupCoordinator.Group {
  /// The records of its membership.
  var records: [CoordinatorRecord] {
    switch membership {
    case .classic(let group): group.record.map { [GroupRecord.classic($0, of: group.id)] } ?? []
    case .consumer(let group): group.snapshot()
    }
  }
}
