import ByteCodec
import Compression
import KafkaWire
import RecordFormat
import Units

extension Exchange {
  /// A batch of `values`, whose records carry the ground's time.
  static func batch(
    _ ground: Ground, _ values: [String], key: String? = nil, codec: CompressionCodec = .none, age: Int64 = 0,
    _ change: (inout RecordBatchBuilder.Properties) -> Void = { _ in }
  ) throws -> ByteSlice {
    var properties = RecordBatchBuilder.Properties()
    properties.codec = codec
    change(&properties)
    var builder = RecordBatchBuilder(properties)
    for value in values {
      builder.append(
        Record(
          timestamp: Timestamp(milliseconds: ground.now - age), key: key.map { ByteSlice(copying: Array($0.utf8)) },
          value: ByteSlice(copying: Array(value.utf8))))
    }
    return try builder.build(using: Compressor())
  }

  private typealias Partition = ProduceRequest.TopicData.PartitionData

  /// A Produce of one batch.
  private static func produce(
    _ name: String, topic: String = "diff-p", partition: Int32 = 0, acks: Int16 = -1, transaction: String? = nil,
    versions: ClosedRange<Int16>? = nil, _ make: @escaping @Sendable (Ground) throws -> ByteSlice?
  ) -> Exchange {
    Exchange(name, .produce, versions, maySayNothing: acks == 0) { ground, _ in
      ProduceRequest(
        transactionalId: transaction, acks: acks, timeoutMs: 5_000,
        topicData: [
          .init(
            topicId: ground.id(topic), name: topic, partitionData: [.init(index: partition, records: try make(ground))])
        ])
    }
  }

  /// A batch with one of its bytes turned over.
  private static func damaged(_ ground: Ground, at place: Int) throws -> ByteSlice {
    var bytes = try batch(ground, ["x"]).copy()
    bytes[place] ^= 0x5A
    return ByteSlice(copying: bytes)
  }

  private static func twice(_ batch: ByteSlice) -> ByteSlice { ByteSlice(copying: batch.copy() + batch.copy()) }

  private static let magicAt = 16
  private static let crcAt = 18

  static let produced: [Exchange] = [
    produce("one record", topic: "diff-a") { try batch($0, ["one"]) },
    produce("three records, acks 1", acks: 1) { try batch($0, ["a", "b", "c"]) },
    produce("no acknowledgement", acks: 0) { try batch($0, ["q"]) },
    produce("no acknowledgement of a failure", topic: "diff-none", acks: 0) { try batch($0, ["q"]) },
    produce("acks 2", acks: 2) { try batch($0, ["x"]) },
    produce("acks -2", acks: -2) { try batch($0, ["x"]) },
    produce("unknown topic", topic: "diff-none") { try batch($0, ["x"]) },
    produce("unknown partition", partition: 7) { try batch($0, ["x"]) },
    produce("negative partition", partition: -1) { try batch($0, ["x"]) },
    produce("null records", versions: 13...13) { _ in nil },
    produce("no bytes") { _ in .empty },
    produce("gzip") { try batch($0, ["zip", "zip"], codec: .gzip) },
    produce("snappy") { try batch($0, ["zip", "zip"], codec: .snappy) },
    produce("lz4") { try batch($0, ["zip", "zip"], codec: .lz4) },
    produce("zstd") { try batch($0, ["zip", "zip"], codec: .zstd) },
    produce("a wrong checksum") { try damaged($0, at: crcAt) },
    produce("a wrong magic") { try damaged($0, at: magicAt) },
    produce("a wrong byte at the end") { try damaged($0, at: batch($0, ["x"]).count - 1) },
    produce("a batch cut short") { try ByteSlice(copying: batch($0, ["x"]).copy().dropLast(3)) },
    produce("two batches") { try twice(batch($0, ["x"])) },
    produce("too large", topic: "diff-s") { try batch($0, [String(repeating: "l", count: 400)]) },
    produce("no key for a compacted topic", topic: "diff-k") { try batch($0, ["x"]) },
    produce("a key for a compacted topic", topic: "diff-k") { try batch($0, ["x"], key: "k") },
    produce("a time far ahead") { try batch($0, ["x"], age: -2 * 86_400_000) },
    produce("the broker's time", topic: "diff-l") { try batch($0, ["x"]) },
    produce("a transactional id and a plain batch", topic: "diff-x1", transaction: "diff-t") { try batch($0, ["x"]) },
    produce("a sequence without beginning") {
      try batch($0, ["x"]) {
        $0.producerID = 987_654
        $0.producerEpoch = 0
        $0.baseSequence = 5
      }
    },
    Exchange("no topics", .produce) { _, _ in ProduceRequest(acks: -1, timeoutMs: 5_000) },
    Exchange("no topics, acks 0", .produce, maySayNothing: true) { _, _ in ProduceRequest(acks: 0, timeoutMs: 5_000) },
    Exchange("no partitions", .produce) { ground, _ in
      ProduceRequest(acks: -1, timeoutMs: 5_000, topicData: [.init(topicId: ground.id("diff-p"), name: "diff-p")])
    },
    Exchange("a partition twice", .produce) { ground, _ in
      let partition = Partition(index: 0, records: try batch(ground, ["x"]))
      return ProduceRequest(
        acks: -1, timeoutMs: 5_000,
        topicData: [.init(topicId: ground.id("diff-x2"), name: "diff-x2", partitionData: [partition, partition])])
    },
    Exchange("no topic id", .produce, 13...13) { ground, _ in
      ProduceRequest(
        acks: -1, timeoutMs: 5_000,
        topicData: [.init(partitionData: [.init(index: 0, records: try batch(ground, ["x"]))])])
    },
  ]
}
