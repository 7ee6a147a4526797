package import ByteCodec
package import Compression
import KafkaWire
import Machine
import RecordFormat
import Units

/// Who produces, where a batch names its producer.
package struct ProducerIdentity {
  package var id: Int64
  package var epoch: Int16
  /// Set where the batches belong to transactions.
  package var transactionalID: String?

  package init(id: Int64, epoch: Int16, transactionalID: String? = nil) {
    self.id = id
    self.epoch = epoch
    self.transactionalID = transactionalID
  }
}

/// A Produce request, encoded once; what differs from one use to the next is written over: correlation id, partition,
/// sequence, keys.
///
/// The batch is not compressed: its records are the same in every request, and a generator should cost nothing for each.
package struct ProduceFrame {
  /// The newest version that names topics.
  static let version: Int16 = 12
  /// What is searched for in the encoded batch to find its keys; no value has such bytes.
  private static let keyMark: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  /// What a frame holds.
  package struct Content {
    package var topic: String
    package var recordBytes: Int
    package var recordCount: Int
    package var acks: Int16
    package var identity: ProducerIdentity?
    /// Whether each record has a key, of 8 bytes.
    package var isKeyed: Bool

    package init(
      topic: String, recordBytes: Int, recordCount: Int, acks: Int16 = -1, identity: ProducerIdentity? = nil,
      isKeyed: Bool = false
    ) {
      self.topic = topic
      self.recordBytes = recordBytes
      self.recordCount = recordCount
      self.acks = acks
      self.identity = identity
      self.isKeyed = isKeyed
    }
  }

  /// The request as it goes over the wire.
  package let bytes: ByteSlice
  let recordCount: Int32
  private let batch: ByteSlice
  private let hasIdentity: Bool
  /// Where the keys lie in the batch.
  private var keys: [Int] = []

  /// Encodes the request once.
  package init(_ content: Content) throws(CompressionError) {
    var properties = RecordBatchBuilder.Properties()
    if let identity = content.identity {
      properties.producerID = identity.id
      properties.producerEpoch = identity.epoch
      properties.baseSequence = 0
      properties.isTransactional = identity.transactionalID != nil
    }
    var builder = RecordBatchBuilder(properties)
    let value = (0..<content.recordBytes).map { UInt8(truncatingIfNeeded: 97 + ($0 * 7 + $0 / 26) % 26) }
    let key = content.isKeyed ? Self.keyMark : nil
    let record = Record(timestamp: SystemClock().wallClock(), key: key, value: value)
    for _ in 0..<max(content.recordCount, 1) { builder.append(record) }
    recordCount = builder.count
    let encoded = try builder.build(using: Compressor())
    let data = ProduceRequest.TopicData.PartitionData(index: 0, records: encoded)
    let request = ProduceRequest(
      transactionalId: content.identity?.transactionalID, acks: content.acks, timeoutMs: 30_000,
      topicData: [ProduceRequest.TopicData(name: content.topic, partitionData: [data])])
    bytes = LoadSocket.frame(request, version: Self.version)
    // Behind the batch stand the empty tags of partition, topic and request, a byte each.
    batch = bytes.part(from: bytes.count - 3 - encoded.count, count: encoded.count)
    hasIdentity = content.identity != nil
    if content.isKeyed { keys = Self.places(of: Self.keyMark, in: batch) }
  }

  /// How many records of so many bytes go into a batch of `batchBytes`.
  static func recordsFitting(_ batchBytes: Int, recordBytes: Int) -> Int {
    max((batchBytes - RecordBatchHeader.size) / (recordBytes + 12), 1)
  }

  /// Makes it the request `correlation`, to a partition; with an identity, its first record has the sequence `sequence`.
  /// The keys, if it has any, are taken from `nextKey`.
  package func prepare(
    correlation: Int32, partition: Int32, sequence: Int32 = 0, epoch: Int16? = nil, nextKey: () -> Int64 = { 0 }
  ) {
    bytes.stamp(correlation, at: 8)
    // Before the batch stands its length, a varint, and before that the partition.
    bytes.stamp(partition, at: bytes.count - 3 - batch.count - Self.varintSize(UInt32(batch.count + 1)) - 4)
    guard hasIdentity || !keys.isEmpty else { return }
    if hasIdentity { batch.stamp(sequence, at: RecordBatchHeader.Layout.baseSequence) }
    if let epoch { batch.stamp(epoch, at: RecordBatchHeader.Layout.producerEpoch) }
    for place in keys { batch.stamp(nextKey(), at: place) }
    let checksum = Checksum.crc32c(batch.dropping(RecordBatchHeader.Layout.attributes))
    batch.stamp(checksum, at: RecordBatchHeader.Layout.checksum)
  }

  /// The error of an answer to such a request, and the offset its batch got.
  static func outcome(_ answer: ByteSlice) throws(LoadFailure) -> (code: ErrorCode, offset: Int64) {
    let response = try LoadSocket.answer(ProduceRequest.self, answer, version: version)
    guard let partition = response.responses.first?.partitionResponses.first else {
      throw LoadFailure(reason: "an answer to Produce without a partition")
    }
    return (ErrorCode(rawValue: partition.errorCode), partition.baseOffset)
  }

  private static func varintSize(_ value: UInt32) -> Int { max((38 - value.leadingZeroBitCount) / 7, 1) }

  private static func places(of mark: [UInt8], in batch: ByteSlice) -> [Int] {
    let bytes = batch.copy()
    var places: [Int] = []
    var place = RecordBatchHeader.size
    while place + mark.count <= bytes.count {
      if bytes[place] == mark[0], bytes[place..<place + mark.count].elementsEqual(mark) {
        places.append(place)
        place += mark.count
      } else {
        place += 1
      }
    }
    return places
  }
}
