import ByteCodec
import RecordFormat
package import Units

/// When the records at an offset were written, as far as it can be told.
package enum TimeFound: Equatable, Sendable {
  case at(Timestamp)
  /// The disk would have to be waited for.
  case notCached
  /// There is no record, it carries no time, or it cannot be read.
  case none
}

extension LogStore {
  /// Asks for the first timestamp of the batch that holds the first record at or behind each offset; the answers come
  /// with `LogProgress.times` under the token that is returned. Whoever does not wait asks a lane that never touches the
  /// disk, so that a slow one keeps nobody waiting.
  package func lookUpTimes(of places: [(partition: PartitionLog, offset: Offset)], waits: Bool) -> UInt64 {
    let token = reads.takeToken()
    lanes.submit(.times(places.map { timeRequest($0.partition, $0.offset) }, waits: waits, token: token))
    return token
  }

  /// A segment that this run has not touched yet has its index made, and no time until then.
  private func timeRequest(_ partition: PartitionLog, _ offset: Offset) -> ReadRequest? {
    let stretch = ReadStretch(offset: offset, limit: partition.durable.end, maxBytes: 1, firstBatchWhole: true)
    guard offset < stretch.limit else { return nil }
    var from = partition.segments.partitioningIndex { $0.end > offset }
    while from < partition.segments.count {
      guard let index = partition.segments[from].index else {
        loadIndex(of: partition, segmentAt: from, for: .caller(token: reads.takeToken()))
        return nil
      }
      guard case .success(let request) = request(partition, segmentAt: from, index, stretch) else { return nil }
      if let request { return request }
      from += 1
    }
    return nil
  }
}

extension ReadRequest {
  func time(files: OpenFiles, waits: Bool) -> TimeFound {
    switch run(files: files, waits: waits) {
    case .notCached: return .notCached
    case .gone, .damaged: return .none
    case .batches(let bytes, _, _):
      guard let header = try? RecordBatchHeader(bytes.bytes) else { return .none }
      let time = header.usesLogAppendTime ? header.maxTimestamp : header.baseTimestamp
      return time.milliseconds < 0 ? .none : .at(time)
    }
  }
}
