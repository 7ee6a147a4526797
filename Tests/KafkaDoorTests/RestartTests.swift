import ByteCodec
import KafkaWire
import LogStore
import Machine
import MillraceServer
import RecordFormat
import TestFixtures
import Testing
import Units

/// What transactions find behind a start: the segments they were in, and go on in.
struct RestartTests {
  private struct Producer {
    var name: String
    var id: Int64 = -1
    var epoch: Int16 = -1
  }

  private func begin(_ client: Client, _ name: String) throws -> Producer {
    let answer: InitProducerIdResponse = try client.ask(
      .initProducerId, InitProducerIdRequest(transactionalId: name, transactionTimeoutMs: 60_000), version: 5)
    try #require(answer.errorCode == 0)
    return Producer(name: name, id: answer.producerId, epoch: answer.producerEpoch)
  }

  private func produce(_ client: Client, _ producer: Producer, to topic: String) throws {
    let records = try batch(["x"]) {
      $0.producerID = producer.id
      $0.producerEpoch = producer.epoch
      $0.baseSequence = 0
      $0.isTransactional = true
    }
    let answer: ProduceResponse = try client.ask(
      .produce,
      ProduceRequest(
        transactionalId: producer.name, acks: -1, timeoutMs: 1_000,
        topicData: [.init(name: topic, partitionData: [.init(index: 0, records: records)])]), version: 12)
    #expect(answer.responses.first?.partitionResponses.first?.errorCode == 0)
  }

  private func end(_ client: Client, _ producer: Producer, version: Int16) throws {
    let answer: EndTxnResponse = try client.ask(
      .endTxn,
      EndTxnRequest(
        transactionalId: producer.name, producerId: producer.id, producerEpoch: producer.epoch, committed: true),
      version: version)
    #expect(answer.errorCode == 0)
  }

  private func segments(in folder: TemporaryFolder, of topic: UniqueID) throws -> [String] {
    let partition = PartitionKey(topic: topic, index: 0).folder
    return try POSIXDisk(path: folder.path).list(partition).map(\.name).filter { $0.hasSuffix(".log") }
  }

  @Test func transactionsGoOnInTheSegmentsThereAre() throws {
    let folder = try TemporaryFolder()
    let topics = ["open", "empty", "fresh", "asked"]
    var ids: [UniqueID] = []
    var open = Producer(name: "open")
    do {
      let host = try Host(folder: folder.path)
      ids = try topics.map { try host.makeTopic($0) }
      let client = try host.client()
      for name in topics {
        let producer = try begin(client, name)
        try produce(client, producer, to: name)
        if name == "open" { open = producer } else { try end(client, producer, version: 5) }
      }
      host.server.stop()
    }
    do {
      let host = try Host(folder: folder.path)
      let client = try host.client()
      // It was open when the server stopped.
      try end(client, open, version: 5)
      // A partition that is added gets a marker although nothing was written to it.
      let empty = try begin(client, "empty")
      let added: AddPartitionsToTxnResponse = try client.ask(
        .addPartitionsToTxn,
        AddPartitionsToTxnRequest(
          v3AndBelowTransactionalId: "empty", v3AndBelowProducerId: empty.id, v3AndBelowProducerEpoch: empty.epoch,
          v3AndBelowTopics: [.init(name: "empty", partitions: [0])]), version: 3)
      #expect(added.resultsByTopicV3AndBelow.first?.resultsByPartition.first?.partitionErrorCode == 0)
      try end(client, empty, version: 4)
      let fresh = try begin(client, "fresh")
      try produce(client, fresh, to: "fresh")
      try end(client, fresh, version: 5)
      // An operator's marker.
      let asked: WriteTxnMarkersResponse = try client.ask(
        .writeTxnMarkers,
        WriteTxnMarkersRequest(markers: [
          .init(
            producerId: 4_711, producerEpoch: 3, transactionResult: false,
            topics: [.init(name: "asked", partitionIndexes: [0])], coordinatorEpoch: 0)
        ]), version: 1)
      #expect(asked.markers.first?.topics.first?.partitions.first?.errorCode == 0)
      for (name, expected) in zip(topics, [2, 3, 4, 3] as [Int64]) {
        let answer: ListOffsetsResponse = try client.ask(
          .listOffsets,
          ListOffsetsRequest(
            replicaId: -1, isolationLevel: 1,
            topics: [.init(name: name, partitions: [.init(partitionIndex: 0, timestamp: -1)])]), version: 7)
        #expect(answer.topics.first?.partitions.first?.offset == expected, "\(name)")
      }
      host.server.stop()
    }
    for (name, id) in zip(topics, ids) { #expect(try segments(in: folder, of: id).count == 1, "\(name)") }
  }
}
