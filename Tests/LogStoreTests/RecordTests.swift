import ByteCodec
import LogStore
import Testing
import Units

@Suite struct RecordTests {
  static let key = PartitionKey(topic: UniqueID(high: 1, low: 2), index: 3)
  static let records: [ControlRecord] = [
    .topicCreated(
      TopicDescription(id: key.topic, name: "orders.eu", partitionCount: 4, overrides: ["retention.ms": "5", "a": ""])),
    .topicDeleted(key.topic), .partitionsAdded(topic: key.topic, count: 9),
    .topicSettingsChanged(topic: key.topic, overrides: [:]),
    .settingsChanged(ConfiguredResource(kind: .broker, name: ""), overrides: ["x": "y"]),
    .producerIDsReserved(upTo: .max), .logStartMoved(key, offset: Offset(77)),
    .segmentsSwapped(
      key, removed: [Offset(1), Offset(2)],
      added: [
        SegmentDescription(
          base: Offset(1), generation: 2, size: ByteCount(100), end: Offset(3), maxTimestamp: .none,
          firstTimestamp: .none, written: Timestamp(milliseconds: 9), digest: 5)
      ], cleanedThrough: Offset(3)),
    .producersExpired(notSeenSince: Timestamp(milliseconds: 12)),
  ]

  @Test(arguments: records.indices) func aRecordIsReadBack(_ index: Int) throws {
    let record = Self.records[index]
    var writer = ByteWriter()
    record.encode(to: &writer)
    let bytes = writer.takeSlice()
    var reader = ByteReader(bytes)
    #expect(try ControlRecord(from: &reader) == record)
    #expect(reader.remaining == 0)
    for count in 0..<bytes.count {
      let cut = bytes.part(from: 0, count: count)
      var reader = ByteReader(cut)
      #expect((try? ControlRecord(from: &reader)) == nil, "cut at \(count)")
    }
  }

  @Test func hostileBytesNeverTrap() {
    for first in UInt8.min...UInt8.max {
      for fill in [0x00, 0x7F, 0x80, 0xFF] as [UInt8] {
        let bytes = ByteSlice(copying: [first] + [UInt8](repeating: fill, count: 60))
        var reader = ByteReader(bytes)
        _ = try? ControlRecord(from: &reader)
      }
    }
  }

  @Test func theCatalogueIsReadBackAsItWas() throws {
    var catalogue = Catalogue(clusterID: UniqueID(high: 9, low: 9))
    for (index, record) in Self.records.enumerated() where index != 1 {
      catalogue.apply(record, at: JournalSequence(UInt64(index)))
    }
    var writer = ByteWriter()
    catalogue.encode(to: &writer)
    let bytes = writer.takeSlice()
    var reader = ByteReader(bytes)
    let found = try Catalogue(from: &reader, at: JournalSequence(8))
    var again = ByteWriter()
    found.encode(to: &again)
    #expect(again.takeArray() == bytes.copy())
    #expect(found.topic(named: "orders.eu")?.description.partitionCount == 9)
    #expect(found.partitionCount == 9)
    #expect(found.producerIDEnd == .max)
  }

  @Test func namesThatDifferInDotsAndUnderscoresCollide() {
    var catalogue = Catalogue(clusterID: .zero)
    catalogue.apply(Self.records[0], at: JournalSequence(1))
    #expect(catalogue.collision(with: "orders_eu") == "orders.eu")
    #expect(catalogue.collision(with: "orders.eu") == nil)
    catalogue.apply(.topicDeleted(Self.key.topic), at: JournalSequence(2))
    #expect(catalogue.collision(with: "orders_eu") == nil)
    #expect(catalogue.partitionCount == 0)
  }
}
