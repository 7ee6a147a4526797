import ByteCodec
import KafkaClient
import KafkaWire
import RecordFormat

/// Fetch requests and answers by the newest version that names topics.
enum FetchAnswer {
  static let version: Int16 = 12

  /// A request for `positions` of a topic.
  static func request(
    _ topic: String, _ positions: [(partition: Int32, offset: Int64)], maxWaitMs: Int32, fetchBytes: Int32,
    partitionBytes: Int32
  ) -> FetchRequest {
    let partitions = positions.map {
      FetchRequest.Topic.Partition(
        partition: $0.partition, fetchOffset: $0.offset, partitionMaxBytes: partitionBytes)
    }
    return FetchRequest(
      maxWaitMs: maxWaitMs, minBytes: 1, maxBytes: fetchBytes,
      topics: [FetchRequest.Topic(topic: topic, partitions: partitions)])
  }

  /// Hands the whole batches of each partition in `answer` to `take`, with their size in bytes.
  static func read(
    _ answer: ByteSlice, _ take: (Int32, RecordBatchHeader, Int) throws(LoadFailure) -> Void
  ) throws(LoadFailure) {
    let response = try LoadSocket.answer(FetchRequest.self, answer, version: version)
    guard response.errorCode == 0 else {
      throw LoadFailure(reason: "a fetch was refused: \(ErrorCode(rawValue: response.errorCode))")
    }
    for partition in response.responses.lazy.flatMap(\.partitions) {
      guard partition.errorCode == 0 else {
        let code = ErrorCode(rawValue: partition.errorCode)
        throw LoadFailure(reason: "partition \(partition.partitionIndex) was refused: \(code)")
      }
      guard let records = partition.records else { continue }
      var place = 0
      // The last batch of an answer may be cut off.
      while records.count - place >= RecordBatchHeader.size {
        let header: RecordBatchHeader
        do {
          header = try RecordBatchHeader(records.bytes, at: place)
        } catch {
          throw LoadFailure(reason: "partition \(partition.partitionIndex) has bytes that are no batch: \(error)")
        }
        guard place + header.totalSize <= records.count else { break }
        try take(partition.partitionIndex, header, header.totalSize)
        place += header.totalSize
      }
    }
  }
}
