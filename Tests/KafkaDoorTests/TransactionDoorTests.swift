import ByteCodec
import Compression
import KafkaDoor
import KafkaWire
import RecordFormat
import Testing
import Units

/// Transactions over a socket, in both generations of the protocol.
struct TransactionDoorTests {
  private struct Producer {
    var id: Int64
    var epoch: Int16
  }

  private func begin(_ client: Client, _ name: String = "tx") throws -> Producer {
    let answer: InitProducerIdResponse = try client.ask(
      .initProducerId, InitProducerIdRequest(transactionalId: name, transactionTimeoutMs: 60_000), version: 5)
    try #require(answer.errorCode == 0)
    return Producer(id: answer.producerId, epoch: answer.producerEpoch)
  }

  private func produce(
    _ client: Client, _ producer: Producer, _ values: [String], sequence: Int32, version: Int16
  ) throws -> Int16 {
    let records = try batch(values) {
      $0.producerID = producer.id
      $0.producerEpoch = producer.epoch
      $0.baseSequence = sequence
      $0.isTransactional = true
    }
    let answer: ProduceResponse = try client.ask(
      .produce,
      ProduceRequest(
        transactionalId: "tx", acks: -1, timeoutMs: 1_000,
        topicData: [.init(name: "t", partitionData: [.init(index: 0, records: records)])]), version: version)
    return try #require(answer.responses.first?.partitionResponses.first).errorCode
  }

  private func end(_ client: Client, _ producer: Producer, commits: Bool, version: Int16) throws -> EndTxnResponse {
    try client.ask(
      .endTxn,
      EndTxnRequest(
        transactionalId: "tx", producerId: producer.id, producerEpoch: producer.epoch, committed: commits),
      version: version)
  }

  private func stableEnd(_ client: Client) throws -> Int64 {
    let answer: ListOffsetsResponse = try client.ask(
      .listOffsets,
      ListOffsetsRequest(
        replicaId: -1, isolationLevel: 1,
        topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, timestamp: -1)])]), version: 7)
    return try #require(answer.topics.first?.partitions.first).offset
  }

  private func committed(_ client: Client, stable: Bool = false) throws -> OffsetFetchResponse.Topic.Partition {
    let answer: OffsetFetchResponse = try client.ask(
      .offsetFetch,
      OffsetFetchRequest(
        groupId: "g", topics: [.init(name: "t", partitionIndexes: [0])], requireStable: stable), version: 7)
    return try #require(answer.topics.first?.partitions.first)
  }

  @Test func theSecondGenerationAddsByItselfAndRaisesTheEpoch() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    let first = try begin(client)
    #expect(try produce(client, first, ["a", "b"], sequence: 0, version: 12) == 0)
    #expect(try stableEnd(client) == 0)
    let staged: TxnOffsetCommitResponse = try client.ask(
      .txnOffsetCommit,
      TxnOffsetCommitRequest(
        transactionalId: "tx", groupId: "g", producerId: first.id, producerEpoch: first.epoch, generationId: -1,
        memberId: "",
        topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, committedOffset: 7, committedMetadata: "")])]),
      version: 5)
    #expect(staged.topics.first?.partitions.first?.errorCode == 0)
    #expect(try committed(client).committedOffset == -1)
    #expect(try committed(client, stable: true).errorCode == ErrorCode.unstableOffsetCommit.rawValue)
    let ended = try end(client, first, commits: true, version: 5)
    #expect(ended.errorCode == 0 && ended.producerId == first.id && ended.producerEpoch == first.epoch + 1)
    #expect(try stableEnd(client) == 3)
    #expect(try committed(client, stable: true).committedOffset == 7)
    // Late records of the transaction that is over are no part of the next.
    #expect(
      try produce(client, first, ["late"], sequence: 2, version: 12) == ErrorCode.invalidProducerEpoch.rawValue)
    let next = Producer(id: ended.producerId, epoch: ended.producerEpoch)
    #expect(try produce(client, next, ["c"], sequence: 0, version: 12) == 0)
    #expect(try end(client, next, commits: false, version: 5).errorCode == 0)
    #expect(try stableEnd(client) == 5)
  }

  @Test func theFirstGenerationMustAddBefore() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    let producer = try begin(client)
    #expect(
      try produce(client, producer, ["a"], sequence: 0, version: 11) == ErrorCode.transactionAbortable.rawValue)
    #expect(try produce(client, producer, ["a"], sequence: 0, version: 8) == ErrorCode.invalidTxnState.rawValue)
    let added: AddPartitionsToTxnResponse = try client.ask(
      .addPartitionsToTxn,
      AddPartitionsToTxnRequest(
        v3AndBelowTransactionalId: "tx", v3AndBelowProducerId: producer.id, v3AndBelowProducerEpoch: producer.epoch,
        v3AndBelowTopics: [.init(name: "t", partitions: [0])]), version: 3)
    #expect(added.resultsByTopicV3AndBelow.first?.resultsByPartition.first?.partitionErrorCode == 0)
    #expect(try produce(client, producer, ["a"], sequence: 0, version: 11) == 0)
    let described: DescribeTransactionsResponse = try client.ask(
      .describeTransactions, DescribeTransactionsRequest(transactionalIds: ["tx", "none"]), version: 0)
    #expect(described.transactionStates.map(\.transactionState) == ["Ongoing", ""])
    #expect(try end(client, producer, commits: true, version: 4).errorCode == 0)
    #expect(try stableEnd(client) == 2)
    #expect(try produce(client, producer, ["b"], sequence: 1, version: 8) == ErrorCode.invalidTxnState.rawValue)
    let listed: ListTransactionsResponse = try client.ask(
      .listTransactions, ListTransactionsRequest(durationFilter: -1, transactionalIdPattern: "t."), version: 2)
    #expect(listed.transactionStates.map(\.transactionalId) == ["tx"])
  }

  @Test func aSecondInstanceFencesTheFirst() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    let first = try begin(client)
    #expect(try produce(client, first, ["a"], sequence: 0, version: 12) == 0)
    let busy: InitProducerIdResponse = try client.ask(
      .initProducerId, InitProducerIdRequest(transactionalId: "tx", transactionTimeoutMs: 60_000), version: 5)
    #expect(busy.errorCode == ErrorCode.concurrentTransactions.rawValue)
    let second = try begin(client)
    #expect(second.id == first.id && second.epoch > first.epoch)
    #expect(try stableEnd(client) == 2)
    #expect(try end(client, first, commits: true, version: 5).errorCode == ErrorCode.producerFenced.rawValue)
  }

  @Test func offsetsOfAGroupWithoutANameAreNoPartOfATransaction() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    for version in [Int16(2), 3, 5] {
      let answer: TxnOffsetCommitResponse = try client.ask(
        .txnOffsetCommit,
        TxnOffsetCommitRequest(
          transactionalId: "tx", groupId: "", producerId: 1, producerEpoch: 0, generationId: -1, memberId: "",
          topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, committedOffset: 7, committedMetadata: "")])]),
        version: version)
      #expect(answer.topics.first?.partitions.first?.errorCode == ErrorCode.invalidGroupId.rawValue)
    }
  }
}
