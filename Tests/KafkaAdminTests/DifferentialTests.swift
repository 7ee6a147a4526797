import ByteCodec
import Glibc
import KafkaWire
import MillraceServer
import Testing
import Units
import WireClient

extension ComparisonTests {
  /// Every exchange on both brokers: answers that differ must be in the table of differences, and what is in the table
  /// must differ.
  @Test(.enabled(if: referee != nil, "MILLRACE_REFEREE names no broker to compare with"))
  func millraceAnswersAsKafka() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let now = Int64(time(nil)) * 1_000
    let ours = try Contestant(try #require(server.kafkaAddresses.first), now: now)
    let theirs = try Contestant(try #require(Self.referee), now: now)
    var met: Set<String> = []
    var compared = 0
    for exchange in Exchange.all {
      var findings: [String: [Int16]] = [:]
      let known = KnownDifference.all.first { $0.name == exchange.name }
      for version in exchange.versions {
        let ourAnswer = try ours.play(exchange, version)
        let theirAnswer = try theirs.play(exchange, version)
        compared += 1
        if let known, known.versions.contains(version) {
          met.insert(known.name)
          if ourAnswer == theirAnswer {
            findings["no longer differ, though: \(known.reason)", default: []] += [version]
          }
        } else if ourAnswer != theirAnswer {
          findings["\n  Millrace \(ourAnswer)\n  Kafka    \(theirAnswer)", default: []] += [version]
        }
      }
      for (finding, versions) in findings { Issue.record("\(exchange.name) v\(versions): \(finding)") }
    }
    for known in KnownDifference.all { #expect(met.contains(known.name), "no exchange is named \(known.name)") }
    print("\(compared) exchanges compared with Apache Kafka, \(met.count) kinds differ with a reason")
  }
}

/// One of the two brokers.
struct Contestant {
  /// Seconds after which a broker is taken to keep silent.
  private static let patience = 4

  let address: String
  var ground: Exchange.Ground

  /// Makes the topics that the exchanges speak of, and waits until the broker serves them.
  init(_ address: String, now: Int64) throws {
    self.address = address
    let client = try WireClient(address)
    let topics: [CreateTopicsRequest.Topic] = [
      .init(name: "diff-a", numPartitions: 2, replicationFactor: 1),
      .init(name: "diff-e", numPartitions: 1, replicationFactor: 1),
      .init(name: "diff-p", numPartitions: 1, replicationFactor: 1),
      .init(
        name: "diff-k", numPartitions: 1, replicationFactor: 1,
        configs: [.init(name: "cleanup.policy", value: "compact")]
      ),
      .init(
        name: "diff-s", numPartitions: 1, replicationFactor: 1,
        configs: [.init(name: "max.message.bytes", value: "200")]),
      .init(
        name: "diff-l", numPartitions: 1, replicationFactor: 1,
        configs: [.init(name: "message.timestamp.type", value: "LogAppendTime")]),
      .init(name: "diff-r", numPartitions: 2, replicationFactor: 1),
      .init(name: "diff-x1", numPartitions: 1, replicationFactor: 1),
      .init(name: "diff-x2", numPartitions: 1, replicationFactor: 1),
      .init(name: "diff-g", numPartitions: 1, replicationFactor: 1),
    ]
    let made = try client.call(CreateTopicsRequest(topics: topics), version: 7, as: CreateTopicsResponse.self)
    try #require(made.topics.allSatisfy { $0.errorCode == 0 })
    let named = MetadataRequest(topics: topics.map { .init(name: $0.name) }, allowAutoTopicCreation: false)
    let limit = ContinuousClock.now + .seconds(30)
    var found = try client.call(named, version: 12, as: MetadataResponse.self)
    while !found.topics.allSatisfy({ $0.errorCode == 0 && $0.partitions.allSatisfy { $0.leaderId >= 0 } }) {
      try #require(ContinuousClock.now < limit, "the topics are not served: \(found)")
      found = try client.call(named, version: 12, as: MetadataResponse.self)
    }
    let ends = ListOffsetsRequest(
      replicaId: -1,
      topics: topics.map { topic in
        .init(name: topic.name, partitions: (0..<topic.numPartitions).map { .init(partitionIndex: $0, timestamp: -1) })
      })
    while try !client.call(ends, version: 5, as: ListOffsetsResponse.self).topics.flatMap(\.partitions).allSatisfy({
      $0.errorCode == 0
    }) {
      try #require(ContinuousClock.now < limit, "the partitions are not led")
    }
    try Self.makeCoordinated(client, until: limit)
    ground = Exchange.Ground(
      ids: Dictionary(found.topics.map { ($0.name ?? "", $0.topicId) }, uniquingKeysWith: { first, _ in first }),
      now: now)
  }

  /// Lets both coordinators begin: a committed offset of `diff-c`, and the transactional id `diff-k`.
  private static func makeCoordinated(_ client: WireClient, until limit: ContinuousClock.Instant) throws {
    for (type, key) in [(Int8(0), "diff-c"), (1, "diff-k")] {
      let asked = FindCoordinatorRequest(key: key, keyType: type)
      while try client.call(asked, version: 3, as: FindCoordinatorResponse.self).errorCode != 0 {
        try #require(ContinuousClock.now < limit, "no coordinator of \(key)")
      }
    }
    let commit = OffsetCommitRequest(
      groupId: "diff-c", generationIdOrMemberEpoch: -1,
      topics: [
        .init(
          name: "diff-a", partitions: [.init(partitionIndex: 0, committedOffset: 7, committedMetadata: "")])
      ])
    while try !client.call(commit, version: 8, as: OffsetCommitResponse.self).topics.allSatisfy({
      $0.partitions.allSatisfy { $0.errorCode == 0 }
    }) { try #require(ContinuousClock.now < limit, "nothing can be committed") }
    let open = InitProducerIdRequest(transactionalId: "diff-k", transactionTimeoutMs: 60_000)
    while try client.call(open, version: 4, as: InitProducerIdResponse.self).errorCode != 0 {
      try #require(ContinuousClock.now < limit, "no transactional id can be made")
    }
  }

  /// What the broker makes of the exchange, on a connection of its own.
  func play(_ exchange: Exchange, _ version: Int16) throws -> String {
    let client = try WireClient(address, patience: Self.patience)
    var bytes = try exchange.bytes(ground, version: version)
    if exchange.maySayNothing {
      bytes += try Exchange("next", .apiVersions) { _, _ in ApiVersionsRequest() }.bytes(ground, version: 0)
      bytes.replaceSubrange(
        bytes.count - Self.correlationFromEnd..<bytes.count - Self.correlationFromEnd + 4, with: [0, 0, 0, 2])
    }
    let reply: ByteSlice
    do {
      try client.send(bytes: bytes)
      reply = try client.receive()
    } catch WireClientError.closed {
      return "closed"
    } catch WireClientError.silence {
      return "no answer"
    }
    if exchange.maySayNothing, reply.count >= 4, Array(reply.copy()[..<4]) == [0, 0, 0, 2] { return "silence" }
    let answer = exchange.answerVersion ?? version
    var reader = ByteReader(reply)
    _ = try ResponseHeader(from: &reader, api: exchange.api, version: answer)
    let message = try exchange.api.responseType.init(from: &reader, version: answer)
    try reader.finish()
    return Rendering(ground: ground, api: exchange.api).text(message)
  }

  /// Where the correlation id of an ApiVersions request of version 0 stands, counted from the end of its frame: itself,
  /// and the client's name behind its length.
  private static let correlationFromEnd = 4 + 2 + "differential".utf8.count
}
