import KafkaWire
import Units

/// Transactions. Both brokers know `diff-k`, with nothing open (see `Contestant`).
extension Exchange {
  static let transactions: [Exchange] = beginnings + parts + ends + transactionAdministration

  private static func open(
    _ name: String, id: String? = "diff-t", timeout: Int32 = 60_000, producer: Int64 = -1, epoch: Int16 = -1,
    versions: ClosedRange<Int16>? = nil
  ) -> Exchange {
    Exchange(name, .initProducerId, versions) { _, version in
      InitProducerIdRequest(
        transactionalId: id, transactionTimeoutMs: timeout, producerId: version >= 3 ? producer : -1,
        producerEpoch: version >= 3 ? epoch : -1)
    }
  }

  private static let beginnings: [Exchange] = [
    open("a transactional id"),
    open("an empty id", id: ""),
    open("no time", timeout: 0),
    open("negative time", timeout: -1),
    open("too much time", timeout: 100_000_000),
    open("a producer that is another", producer: 987_654, epoch: 3, versions: 3...6),
    open("a producer of an id that is not there", id: "diff-none", producer: 987_654, epoch: 3, versions: 3...6),
    open("a producer without an epoch", producer: 987_654, versions: 3...6),
    open("an epoch without a producer", epoch: 3, versions: 3...6),
    Exchange("in two phases", .initProducerId, 6...6) { _, _ in
      InitProducerIdRequest(transactionalId: "diff-t", transactionTimeoutMs: 60_000, enable2Pc: true)
    },
  ]

  private static func partitions(
    _ name: String, id: String, producer: Int64 = 987_654, epoch: Int16 = 0, topics: [(String, [Int32])]
  ) -> Exchange {
    Exchange(name, .addPartitionsToTxn, 0...3) { _, _ in
      AddPartitionsToTxnRequest(
        v3AndBelowTransactionalId: id, v3AndBelowProducerId: producer, v3AndBelowProducerEpoch: epoch,
        v3AndBelowTopics: topics.map { .init(name: $0.0, partitions: $0.1) })
    }
  }

  private static func stage(_ name: String, id: String, group: String = "diff-c", topic: String = "diff-a") -> Exchange
  {
    Exchange(name, .txnOffsetCommit) { _, _ in
      TxnOffsetCommitRequest(
        transactionalId: id, groupId: group, producerId: 987_654, producerEpoch: 0,
        topics: [.init(name: topic, partitions: [.init(committedOffset: 4, committedMetadata: "")])])
    }
  }

  private static let parts: [Exchange] = [
    partitions("an id that is not there", id: "diff-none", topics: [("diff-a", [0])]),
    partitions("an empty id", id: "", topics: [("diff-a", [0])]),
    partitions("another producer", id: "diff-k", topics: [("diff-a", [0])]),
    partitions("unknown topic", id: "diff-k", topics: [("diff-none", [0]), ("diff-a", [1])]),
    partitions("no topics", id: "diff-k", topics: []),
    Exchange("an id that is not there", .addOffsetsToTxn) { _, _ in
      AddOffsetsToTxnRequest(transactionalId: "diff-none", producerId: 987_654, groupId: "diff-c")
    },
    Exchange("another producer", .addOffsetsToTxn) { _, _ in
      AddOffsetsToTxnRequest(transactionalId: "diff-k", producerId: 987_654, groupId: "diff-c")
    },
    Exchange("an empty id", .addOffsetsToTxn) { _, _ in
      AddOffsetsToTxnRequest(transactionalId: "", producerId: 987_654, groupId: "diff-c")
    },
    stage("an id that is not there", id: "diff-none"),
    stage("another producer", id: "diff-k"),
    stage("no group", id: "diff-k", group: ""),
    stage("unknown topic", id: "diff-k", topic: "diff-none"),
  ]

  private static func end(_ name: String, id: String, commits: Bool) -> Exchange {
    Exchange(name, .endTxn) { _, _ in
      EndTxnRequest(transactionalId: id, producerId: 987_654, producerEpoch: 0, committed: commits)
    }
  }

  private static let ends: [Exchange] = [
    end("commits what is not there", id: "diff-none", commits: true),
    end("aborts what is not there", id: "diff-none", commits: false),
    end("another producer", id: "diff-k", commits: true),
    end("an empty id", id: "", commits: true),
    Exchange("a partition that is not there", .writeTxnMarkers) { _, _ in
      WriteTxnMarkersRequest(markers: [
        .init(producerId: 987_654, topics: [.init(name: "diff-none", partitionIndexes: [0])])
      ])
    },
    Exchange("nothing", .writeTxnMarkers) { _, _ in WriteTxnMarkersRequest() },
  ]

  private static let transactionAdministration: [Exchange] = [
    Exchange("ids of each kind", .describeTransactions) { _, _ in
      DescribeTransactionsRequest(transactionalIds: ["diff-none", "diff-k", ""])
    },
    Exchange("nothing", .describeTransactions) { _, _ in DescribeTransactionsRequest() },
    Exchange("all", .listTransactions) { _, _ in ListTransactionsRequest() },
    Exchange("by state", .listTransactions) { _, _ in ListTransactionsRequest(stateFilters: ["Empty"]) },
    Exchange("by a state that is none", .listTransactions) { _, _ in ListTransactionsRequest(stateFilters: ["Odd"]) },
    Exchange("by producer", .listTransactions) { _, _ in ListTransactionsRequest(producerIdFilters: [987_654]) },
    Exchange("by age", .listTransactions, 1...2) { _, _ in ListTransactionsRequest(durationFilter: 60_000) },
    Exchange("by pattern", .listTransactions, 2...2) { _, _ in
      ListTransactionsRequest(transactionalIdPattern: "diff-k.*")
    },
    Exchange("by a pattern that is none", .listTransactions, 2...2) { _, _ in
      ListTransactionsRequest(transactionalIdPattern: "(")
    },
  ]
}
