import ByteCodec
import Glibc
import KafkaDoor
import KafkaWire
import MillraceServer
import Testing
import Units

/// Order, limits and addresses, seen from the socket.
struct ConnectionTests {
  private func parkedFetch(_ topic: UniqueID) -> FetchRequest {
    FetchRequest(
      maxWaitMs: 30_000, minBytes: 1,
      topics: [.init(topicId: topic, partitions: [.init(partition: 0, partitionMaxBytes: 1 << 20)])])
  }

  private func produce(_ topic: String) throws -> ProduceRequest {
    ProduceRequest(
      acks: -1, timeoutMs: 1_000,
      topicData: [.init(name: topic, partitionData: [.init(index: 0, records: try batch(["x"]))])])
  }

  private func exists(_ topic: String, _ client: Client) throws -> Bool {
    let answer: MetadataResponse = try client.ask(
      .metadata, MetadataRequest(topics: [.init(name: topic)], allowAutoTopicCreation: false), version: 12)
    return answer.topics.first?.errorCode == 0
  }

  @Test func produceGoesAheadAndItsAnswerWaits() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    let fetch = try client.send(.fetch, parkedFetch(topic), version: 16)
    let first = try client.send(.produce, produce("t"), version: 12)
    let second = try client.send(.produce, produce("t"), version: 12)
    // Only the Produce behind it can wake the fetch.
    let read: FetchResponse = try client.receive(.fetch, version: 16, fetch)
    #expect(!(read.responses.first?.partitions.first?.records?.isEmpty ?? true))
    let stored: ProduceResponse = try client.receive(.produce, version: 12, first)
    let next: ProduceResponse = try client.receive(.produce, version: 12, second)
    #expect(stored.responses.first?.partitionResponses.first?.baseOffset == 0)
    #expect(next.responses.first?.partitionResponses.first?.baseOffset == 1)
  }

  @Test func othersWaitForTheirPredecessors() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let (client, other) = (try host.client(), try host.client())
    let fetch = try client.send(.fetch, parkedFetch(topic), version: 16)
    let making = try client.send(.metadata, MetadataRequest(topics: [.init(name: "made")]), version: 12)
    // Behind a request that waits, Produce waits as well.
    let behind = try client.send(.produce, produce("made"), version: 12)
    #expect(try !exists("made", other))
    let _: ProduceResponse = try other.ask(.produce, produce("t"), version: 12)
    let _: FetchResponse = try client.receive(.fetch, version: 16, fetch)
    let made: MetadataResponse = try client.receive(.metadata, version: 12, making)
    #expect(made.topics.first?.errorCode == 0)
    let stored: ProduceResponse = try client.receive(.produce, version: 12, behind)
    #expect(stored.responses.first?.partitionResponses.first?.errorCode == 0)
    #expect(try exists("made", other))
  }

  @Test func aClientThatLeavesTakesItsFetchAlong() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    do {
      let gone = try host.client()
      try gone.send(.fetch, parkedFetch(topic), version: 16)
    }
    #expect(host.log.first(containing: "the peer closed it") != nil)
    let _: ProduceResponse = try client.ask(.produce, produce("t"), version: 12)
  }

  /// A reader that takes nothing costs one answer and its limit; the others go on. Where its answers are in memory
  /// (version 9 has no ranges of files) it is closed in the end; where they are in files, nobody waits for it.
  @Test(arguments: [Int16(9), 16])
  func aReaderThatDoesNotReadIsServedNoMore(version: Int16) throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    let topic = try host.makeTopic("t")
    let client = try host.client()
    let text = String(repeating: "z", count: 500_000)
    for _ in 0..<4 {
      let request = ProduceRequest(
        acks: -1, timeoutMs: 1_000,
        topicData: [.init(name: "t", partitionData: [.init(index: 0, records: try batch([text]))])])
      let _: ProduceResponse = try client.ask(.produce, request, version: 12)
    }
    var untaken = parkedFetch(topic)
    untaken.topics[0].topic = "t"
    let before = residentBytes()
    var idle: [Client] = []
    for _ in 0..<12 {
      let slow = try Client(host.address, receiveBuffer: 4_096)
      for correlation in 0..<40 {
        let frame = Client.frame(.fetch, untaken, version: version, correlation: Int32(correlation))
        _ = slow.writeWithoutWaiting(frame)
      }
      idle.append(slow)
    }
    for _ in 0..<20 {
      let read: FetchResponse = try client.ask(.fetch, parkedFetch(topic), version: 16)
      #expect(read.responses.first?.partitions.first?.records?.isEmpty == false)
    }
    // All the answers would be 960 MB.
    #expect(residentBytes() - before < 64 << 20 + neighboursMemory)
    if version == 9 {
      #expect(host.log.first(containing: "left its answers untaken") != nil)
    } else {
      #expect(!host.log.all.contains { $0.contains("left its answers untaken") })
    }
  }

  @Test func smallRequestsPassBesideSlowLargeOnes() throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    let client = try host.client()
    // Each announces the largest frame there may be, and keeps its memory waiting.
    var greedy: [Client] = []
    for _ in 0..<8 {
      let one = try host.client()
      let length = Int32(4 << 20)
      one.write(withUnsafeBytes(of: length.bigEndian) { Array($0) } + [0, 0, 0, 12])
      greedy.append(one)
    }
    for _ in 0..<50 {
      let answer: MetadataResponse = try client.ask(.metadata, MetadataRequest(topics: nil), version: 12)
      #expect(answer.brokers.count == 1)
    }
  }

  /// Small frames are announced until there is memory for no more of them, and none of them comes.
  @Test func requestsThatAreHerePassHalfOpenOnes() throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    try host.makeTopic("t")
    let client = try host.client()
    var halfOpen: [Client] = []
    for _ in 0..<80 {
      let one = try host.client()
      one.write(withUnsafeBytes(of: Int32(60_000).bigEndian) { Array($0) } + [0, 0, 0, 12])
      halfOpen.append(one)
    }
    let began = ContinuousClock.now
    for _ in 0..<50 {
      let answer: ProduceResponse = try client.ask(.produce, produce("t"), version: 12)
      #expect(answer.responses.first?.partitionResponses.first?.errorCode == 0)
    }
    // A body that does not come is given five seconds.
    #expect(ContinuousClock.now - began < .seconds(4))
    #expect(halfOpen.count == 80)
  }

  /// Readers who take nothing have all the memory for answers, and others of them wait for it.
  @Test func aReaderWhoTakesItsAnswersPassesThoseWhoDoNot() throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    let (large, small) = (try host.makeTopic("large"), try host.makeTopic("small"))
    let client = try host.client()
    let text = String(repeating: "z", count: 500_000)
    for _ in 0..<4 {
      let request = ProduceRequest(
        acks: -1, timeoutMs: 1_000,
        topicData: [.init(name: "large", partitionData: [.init(index: 0, records: try batch([text]))])])
      let _: ProduceResponse = try client.ask(.produce, request, version: 12)
    }
    let _: ProduceResponse = try client.ask(.produce, produce("small"), version: 12)
    var idle: [Client] = []
    for _ in 0..<40 {
      let slow = try Client(host.address, receiveBuffer: 4_096)
      for correlation in 0..<4 {
        _ = slow.writeWithoutWaiting(
          Client.frame(.fetch, parkedFetch(large), version: 16, correlation: Int32(correlation)))
      }
      idle.append(slow)
    }
    let began = ContinuousClock.now
    for _ in 0..<20 {
      let read: FetchResponse = try client.ask(.fetch, parkedFetch(small), version: 16)
      #expect(read.responses.first?.partitions.first?.records?.isEmpty == false)
    }
    // Those who take nothing are given two seconds each time.
    #expect(ContinuousClock.now - began < .seconds(2))
    #expect(idle.count == 40)
  }

  @Test func framesBeyondTheLimitEndTheConnection() throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    let client = try host.client()
    let length = Int32((4 << 20) + 1)
    client.write(withUnsafeBytes(of: length.bigEndian) { Array($0) })
    #expect(try client.isClosedByPeer())
    #expect(host.log.first(containing: "more than the limit of 4194304") != nil)
  }

  // MARK: Addresses

  private func broker(_ address: String) throws -> (String, Int32) {
    let answer: MetadataResponse = try Client(address).ask(.metadata, MetadataRequest(topics: nil), version: 12)
    let broker = try #require(answer.brokers.first)
    return (broker.host, broker.port)
  }

  @Test func theAddressIsTheOneTheClientCameBy() throws {
    let host = try Host(
      settings: ["insecure": "true"], kafka: [("127.0.0.1", 0), ("0.0.0.0", 0), ("::1", 0), ("::", 0)])
    let ports = try host.server.kafkaAddresses.map { try #require(Int32($0.split(separator: ":").last ?? "")) }
    #expect(try broker("127.0.0.1:\(ports[0])") == ("127.0.0.1", ports[0]))
    #expect(try broker("127.0.0.1:\(ports[1])") == ("127.0.0.1", ports[1]))
    #expect(try broker("127.0.0.2:\(ports[1])") == ("127.0.0.2", ports[1]))
    #expect(try broker("[::1]:\(ports[2])") == ("::1", ports[2]))
    #expect(try broker("[::1]:\(ports[3])") == ("::1", ports[3]))
  }

  @Test func theAdvertisedAddressLeadsThroughAForwarder() throws {
    let forwarder = try Forwarder()
    let host = try Host(settings: ["advertised.listeners": "PLAINTEXT://127.0.0.1:\(forwarder.port)"])
    forwarder.forward(to: host.address)
    let known = try broker("127.0.0.1:\(forwarder.port)")
    #expect(known == ("127.0.0.1", Int32(forwarder.port)))
    let coordinator: FindCoordinatorResponse = try Client("127.0.0.1:\(forwarder.port)").ask(
      .findCoordinator, FindCoordinatorRequest(keyType: 0, coordinatorKeys: ["g"]), version: 4)
    #expect(coordinator.coordinators.first?.port == Int32(forwarder.port))
    // A client that knows nothing else goes on by what it was told.
    let client = try Client("\(known.0):\(known.1)")
    let _: MetadataResponse = try client.ask(.metadata, MetadataRequest(topics: [.init(name: "t")]), version: 12)
    let stored: ProduceResponse = try client.ask(.produce, produce("t"), version: 12)
    #expect(stored.responses.first?.partitionResponses.first?.errorCode == 0)
  }
}

/// What the tests that run beside a measurement, in the same process, may take meanwhile.
let neighboursMemory = 256 << 20

/// Bytes of this process in memory.
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return 0 }
  let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
    separator: " ")
  return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4_096
}
