import ByteCodec
import Compression
import LogStore
import RecordFormat
import SimMachine
import Testing
import Units

/// Transactions on a `TestLog`: real batches with keys, markers, and their common end.
extension TestLog {
  private static let time = Timestamp(milliseconds: 1_700_000_000_000)

  /// A batch with a record of each key.
  static func batch(
    _ keys: [String], producer: Int64, epoch: Int16 = 0, sequence: Int32 = 0, isTransactional: Bool = true,
    codec: CompressionCodec = .none
  ) throws -> ByteSlice {
    var properties = RecordBatchBuilder.Properties()
    properties.producerID = producer
    properties.producerEpoch = epoch
    properties.baseSequence = sequence
    properties.isTransactional = isTransactional
    properties.codec = codec
    var builder = RecordBatchBuilder(properties)
    for key in keys { builder.append(Record(timestamp: time, key: Array(key.utf8), value: Array("v-\(key)".utf8))) }
    return try builder.build(using: Compressor())
  }

  @discardableResult
  func write(
    _ keys: [String], to key: PartitionKey, producer: Int64, epoch: Int16 = 0, sequence: Int32 = 0,
    isTransactional: Bool = true, beginsAtZero: Bool = false, codec: CompressionCodec = .none
  ) throws -> AppendResult {
    let bytes = try Self.batch(
      keys, producer: producer, epoch: epoch, sequence: sequence, isTransactional: isTransactional, codec: codec)
    var rules = AppendRules(roll: rules, syncs: true)
    rules.beginsAtZero = beginsAtZero
    return store.append(
      bytes, header: try RecordBatchHeader(bytes.bytes), to: try #require(store.partition(key)), rules: rules)
  }

  func marker(
    _ kind: TransactionMarker.Kind, in key: PartitionKey, producer: Int64, epoch: Int16 = 0
  ) throws -> TogetherBatch {
    let bytes = try TransactionMarker(kind, coordinatorEpoch: 3).batch(
      at: Offset(0), partitionLeaderEpoch: -1, producerID: producer, producerEpoch: epoch, timestamp: Self.time)
    return TogetherBatch(
      bytes, try RecordBatchHeader(bytes.bytes), to: try #require(store.partition(key)),
      rules: AppendRules(roll: rules, syncs: true))
  }

  /// Ends a transaction in all `keys`.
  @discardableResult
  func end(
    _ kind: TransactionMarker.Kind, in keys: [PartitionKey], producer: Int64, epoch: Int16 = 0
  ) throws -> TogetherResult {
    store.appendTogether(try keys.map { try marker(kind, in: $0, producer: producer, epoch: epoch) })
  }

  func log(_ key: PartitionKey) throws -> PartitionLog { try #require(store.partition(key)) }

  func stable(_ key: PartitionKey) throws -> Int64 { try log(key).stableEnd.value }

  /// The keys a reader of committed records gets: below the stable end, without aborted records and markers.
  func committed(_ key: PartitionKey) throws -> [String] {
    let log = try log(key)
    var keys: [String] = []
    var offset = log.durableStart
    while offset < log.stableEnd {
      guard case .batches(let bytes, let next, _) = try read(key, from: offset.value), next > offset else { break }
      let aborted = log.aborted.overlapping(offset, next)
      var walk = RecordBatchWalk(bytes)
      while let view = try walk.next(), view.header.baseOffset < log.stableEnd {
        let header = view.header
        let isGone =
          header.isTransactional
          && aborted.contains {
            $0.producerID == header.producerID && $0.first <= header.baseOffset && header.baseOffset <= $0.last
          }
        guard !header.isControl, !isGone else { continue }
        var reader = try RecordReader(view, scratch: Decompressor())
        while let record = try reader.next() { keys.append(String(decoding: record.key?.copy() ?? [], as: UTF8.self)) }
      }
      offset = next
    }
    return keys
  }

  /// Base offsets of the markers that are still there.
  func markers(_ key: PartitionKey) throws -> [Int64] {
    var found: [Int64] = []
    guard case .batches(let bytes, _, _) = try read(key, from: try log(key).start.value) else { return [] }
    var walk = RecordBatchWalk(bytes)
    while let view = try walk.next() {
      if view.header.isControl { found.append(view.header.baseOffset.value) }
    }
    return found
  }
}
