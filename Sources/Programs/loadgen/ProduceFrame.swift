import ByteCodec
import Compression
import KafkaWire
import Machine
import RecordFormat
import Units

/// A Produce request, encoded once; what differs from one use to the next is written over: correlation id, sequence.
///
/// The batch is not compressed: its records are the same in every request, and a generator should cost nothing for each.
struct ProduceFrame {
  /// The newest version that names topics.
  static let version: Int16 = 12

  let bytes: ByteSlice
  let recordCount: Int32
  private let batch: ByteSlice
  private let isNumbered: Bool

  /// A frame for `partition` of the plan's topic, from the producer `identity`, if there is one.
  init(_ plan: LoadPlan, partition: Int32, identity: (id: Int64, epoch: Int16)?) throws(CompressionError) {
    var properties = RecordBatchBuilder.Properties()
    if let identity {
      properties.producerID = identity.id
      properties.producerEpoch = identity.epoch
      properties.baseSequence = 0
    }
    var builder = RecordBatchBuilder(properties)
    let value = (0..<plan.recordBytes).map { UInt8(truncatingIfNeeded: 97 + ($0 * 7 + $0 / 26) % 26) }
    let record = Record(timestamp: SystemClock().wallClock(), key: nil, value: value)
    let most = max((plan.batchBytes - RecordBatchHeader.size) / (plan.recordBytes + 12), 1)
    for _ in 0..<most { builder.append(record) }
    recordCount = builder.count
    let encoded = try builder.build(using: Compressor())
    let data = ProduceRequest.TopicData.PartitionData(index: partition, records: encoded)
    let request = ProduceRequest(
      acks: plan.acks, timeoutMs: 30_000,
      topicData: [ProduceRequest.TopicData(name: plan.topic, partitionData: [data])])
    var writer = ByteWriter(capacity: encoded.count + 256)
    writer.writeInt32(0)
    RequestHeader(apiKey: APIKey.produce.rawValue, apiVersion: Self.version, correlationId: 0, clientId: "loadgen")
      .encode(to: &writer)
    request.encode(to: &writer, version: Self.version)
    writer.overwriteInt32(Int32(clamping: writer.count - 4), at: 0)
    bytes = writer.takeSlice()
    // Behind the batch stand the empty tags of partition, topic and request, a byte each.
    batch = bytes.part(from: bytes.count - 3 - encoded.count, count: encoded.count)
    isNumbered = identity != nil
  }

  /// Makes it the request `correlation`, whose first record has the sequence `sequence`.
  func prepare(correlation: Int32, sequence: Int32) {
    bytes.stamp(correlation, at: 8)
    guard isNumbered else { return }
    batch.stamp(sequence, at: 53)
    batch.stamp(Checksum.crc32c(batch.dropping(RecordBatchHeader.Layout.attributes)), at: 17)
  }
}
