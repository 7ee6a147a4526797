import KafkaWire

extension ConsumerGroupState {
  /// The members' ids, in order: what a simulation sees must not depend on the order of a dictionary.
  package var memberIDs: [String] { members.keys.sorted() }

  /// Whether nothing is left of the group.
  package var isBlank: Bool { self == ConsumerGroupState() }

  /// Applies a record: the only way this state changes. A removal of what is not there changes nothing, and a record of
  /// another group's kind is none of this one's business.
  mutating func apply(_ record: ConsumerGroupRecord) {
    switch record {
    case .group(let value):
      epoch = value?.epoch
      metadataHash = value?.metadataHash ?? 0
    case .member(let id, let member):
      bytes += Self.bytes(id, member) - Self.bytes(id, members[id])
      members[id] = member
    case .targetEpoch(let value):
      targetEpoch = value?.assignmentEpoch
      targetTimestamp = value?.assignmentTimestamp ?? 0
    case .target(let id, let partitions):
      bytes += Self.bytes(id, partitions) - Self.bytes(id, target[id])
      target[id] = partitions
    case .current(let id, let assignment):
      bytes += Self.bytes(id, assignment) - Self.bytes(id, current[id])
      current[id] = assignment
    case .pattern(let text, let resolved):
      bytes += Self.bytes(text, resolved) - Self.bytes(text, patterns[text])
      patterns[text] = resolved
    }
  }

  /// The shortest list of records that gives this state.
  func records() -> [ConsumerGroupRecord] {
    var records: [ConsumerGroupRecord] = []
    for id in memberIDs { records.append(.member(id, members[id])) }
    for text in patterns.keys.sorted() { records.append(.pattern(text, patterns[text])) }
    if let epoch { records.append(.group(ConsumerGroupMetadataValue(epoch: epoch, metadataHash: metadataHash))) }
    for id in target.keys.sorted() { records.append(.target(id, target[id])) }
    if let targetEpoch {
      records.append(
        .targetEpoch(
          ConsumerGroupTargetAssignmentMetadataValue(
            assignmentEpoch: targetEpoch, assignmentTimestamp: targetTimestamp)))
    }
    for id in current.keys.sorted() { records.append(.current(id, current[id])) }
    return records
  }

  /// The records that remove all of it.
  func removals() -> [ConsumerGroupRecord] {
    records().reversed().map { record in
      switch record {
      case .group: .group(nil)
      case .member(let id, _): .member(id, nil)
      case .targetEpoch: .targetEpoch(nil)
      case .target(let id, _): .target(id, nil)
      case .current(let id, _): .current(id, nil)
      case .pattern(let text, _): .pattern(text, nil)
      }
    }
  }
}
