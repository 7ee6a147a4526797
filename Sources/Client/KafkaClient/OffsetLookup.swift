import KafkaWire
import Machine
import Units

/// A place in a partition that brokers can look up.
package enum OffsetQuery: Hashable, Sendable {
  /// The first record that is still there.
  case earliest
  /// Behind the last record; with read committed, behind the last that no open transaction precedes.
  case latest
  /// The first record of that time, in milliseconds since 1970, or later; the end where there is none.
  case time(Int64)

  /// As ListOffsets spells it.
  var timestamp: Int64 {
    switch self {
    case .earliest: -2
    case .latest: -1
    case .time(let milliseconds): max(milliseconds, 0)
    }
  }
}

extension KafkaClient {
  /// How long partitions that have no leader yet, or another one than metadata said, are waited for, in milliseconds.
  private static let leaderPatienceMs: Int64 = 10_000

  /// Looks `query` up in `partitions` of `topic` at their leaders. Fails where one cannot be asked, after waiting a
  /// while for a leader that is being chosen.
  package func offsets(
    _ query: OffsetQuery, topic: String, partitions: [Int32], isolation: Isolation = .readUncommitted
  ) throws(ClientError) -> [Int32: Int64] {
    let deadline = options.clock.now().advanced(byMs: Self.leaderPatienceMs)
    var backoff = Backoff(options)
    while true {
      do {
        return try lookUp(query, topic: topic, partitions: partitions, isolation: isolation)
      } catch {
        guard error.code?.isRetriable == true, options.clock.now() < deadline else { throw error }
      }
      try pause(backoff.nextMs())
      try refreshMetadata([topic])
    }
  }

  private func lookUp(_ query: OffsetQuery, topic: String, partitions: [Int32], isolation: Isolation)
    throws(ClientError) -> [Int32: Int64]
  {
    var found: [Int32: Int64] = [:]
    for (leader, indexes) in try byLeader(topic: topic, partitions: partitions) {
      let asked = indexes.map { ListOffsetsRequest.Topic.Partition(partitionIndex: $0, timestamp: query.timestamp) }
      let request = ListOffsetsRequest(
        replicaId: -1, isolationLevel: isolation.rawValue,
        topics: [ListOffsetsRequest.Topic(name: topic, partitions: asked)],
        timeoutMs: Int32(clamping: options.requestTimeoutMs))
      let answer = try exchange(request, on: try broker(leader))
      for entry in answer.topics where entry.name == topic {
        for partition in entry.partitions {
          let code = ErrorCode(rawValue: partition.errorCode)
          guard code == .none else { throw ClientError(code, "offsets of \(topic)/\(partition.partitionIndex)") }
          found[partition.partitionIndex] = partition.offset
        }
      }
    }
    if case .time = query, found.values.contains(where: { $0 < 0 }) {
      let late = found.filter { $0.value < 0 }.map(\.key)
      found.merge(try lookUp(.latest, topic: topic, partitions: late, isolation: isolation)) { $1 }
    }
    for partition in partitions where found[partition] == nil {
      throw ClientError(.malformedAnswer, "the broker left \(topic)/\(partition) out of its answer about offsets")
    }
    return found
  }

  /// `partitions` grouped by who leads them. Fails with `refused` where one has no leader.
  func byLeader(topic: String, partitions: [Int32]) throws(ClientError) -> [Int32: [Int32]] {
    var groups: [Int32: [Int32]] = [:]
    for index in partitions {
      let known = cluster.topics[topic]?.partitions.first { $0.index == index }
      guard let known else { throw ClientError(ErrorCode.unknownTopicOrPartition, "\(topic)/\(index)") }
      guard known.leader >= 0 else { throw ClientError(ErrorCode.leaderNotAvailable, "\(topic)/\(index)") }
      groups[known.leader, default: []].append(index)
    }
    return groups
  }
}

/// Which records of transactions a consumer sees.
package enum Isolation: Int8, Sendable {
  case readUncommitted = 0
  case readCommitted = 1
}
