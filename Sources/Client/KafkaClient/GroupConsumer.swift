import Machine
package import RecordFormat
import Units

/// Reads the partitions of a topic that a group gives it, from where the group has come to, and commits what its caller has
/// dealt with. At least once: what was read and not committed is read again after a crash.
package final class GroupConsumer {
  /// Between two commits.
  private static let commitMs: Int64 = 1_000

  private let client: KafkaClient
  private let member: GroupMember
  private let options: ConsumerOptions
  /// Where it begins in partitions that the group has committed nothing in.
  private let start: OffsetQuery
  private var consumer: Consumer?
  private var committed: [Int32: Int64] = [:]
  private var nextCommit = Instant(nanoseconds: .min)

  /// A consumer that reads with `client` and talks to the coordinator as `member`.
  package init(_ client: KafkaClient, member: GroupMember, from start: OffsetQuery, options: ConsumerOptions) {
    self.client = client
    self.member = member
    self.start = start
    self.options = options
  }

  /// Whether the ends that were seen when the partitions were given have been reached.
  package var isDone: Bool { consumer?.isDone ?? false }

  /// Hands records to `reader` until it has had enough. Between two calls all records are dealt with: the first thing
  /// that a call does is to commit them, when that is due.
  package func poll(_ reader: (Int32, RecordView) -> Appetite) throws(ClientError) -> Appetite {
    guard let consumer else {
      try begin()
      return .more
    }
    let isDue = client.options.clock.now() >= nextCommit
    guard isDue ? try commit() : true, try member.isStillIn() else {
      _ = try commit()
      self.consumer = nil
      return .more
    }
    guard !consumer.positions.isEmpty else {
      try client.pause(Int64(ConsumerOptions.waitMs))
      return .more
    }
    return try consumer.poll(reader)
  }

  /// Commits and leaves.
  package func close() throws(ClientError) {
    _ = try commit()
    try member.leave()
  }

  private func begin() throws(ClientError) {
    let partitions = try member.join()
    let topic = try client.topic(member.topic)
    let places = try member.committed()
    let fresh = partitions.filter { places[$0] == nil }
    let starts = try client.offsets(start, topic: topic.name, partitions: fresh, isolation: options.isolation)
    let ends = try client.offsets(.latest, topic: topic.name, partitions: partitions, isolation: options.isolation)
    let positions = partitions.map { index in
      Consumer.Position(
        partition: index, next: places[index] ?? starts[index] ?? 0, end: options.follows ? nil : ends[index])
    }
    committed = Dictionary(positions.map { ($0.partition, places[$0.partition] ?? -1) }) { $1 }
    consumer = Consumer(client, topic: topic, positions: positions, options: options)
    nextCommit = client.options.clock.now().advanced(byMs: Self.commitMs)
  }

  /// Commits the positions that have moved. False where the group has begun anew.
  private func commit() throws(ClientError) -> Bool {
    nextCommit = client.options.clock.now().advanced(byMs: Self.commitMs)
    let moved = (consumer?.positions ?? []).filter { $0.next != committed[$0.partition] }
    guard try member.commit(Dictionary(moved.map { ($0.partition, $0.next) }) { $1 }) else { return false }
    for position in moved { committed[position.partition] = position.next }
    return true
  }
}
