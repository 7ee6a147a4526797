import ByteCodec
import Machine
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
    lanes.submit(.times(places.map { timeLook($0.partition, $0.offset, waits: waits) }, token: token, waits: waits))
    return token
  }

  /// Where a segment has no index yet, there is no time: whoever waits has it made, and asks again.
  private func timeLook(_ partition: PartitionLog, _ offset: Offset, waits: Bool) -> TimeLook {
    let stretch = ReadStretch(offset: offset, limit: partition.durable.end, maxBytes: 1, firstBatchWhole: true)
    guard offset < stretch.limit else { return .known(.none) }
    var from = partition.segments.partitioningIndex { $0.end > offset }
    while from < partition.segments.count {
      guard let index = partition.segments[from].index else {
        if waits { loadIndex(of: partition, segmentAt: from, for: .caller(token: reads.takeToken())) }
        return .known(.notCached)
      }
      guard case .success(let request) = request(partition, segmentAt: from, index, stretch) else {
        return .known(.none)
      }
      if let request { return .read(request) }
      from += 1
    }
    return .known(.none)
  }
}

/// A time to be looked up, or why there is none.
package enum TimeLook: Sendable {
  case known(TimeFound)
  case read(ReadRequest)

  func run(files: OpenFiles, waits: Bool) -> TimeFound {
    switch self {
    case .known(let found): found
    case .read(let request): request.time(files: files, waits: waits)
    }
  }
}

extension ReadRequest {
  /// Reads headers only, and checks no block: a wrong time harms nothing, and a fetch of the batch finds the damage.
  fileprivate func time(files: OpenFiles, waits: Bool) -> TimeFound {
    do throws(DiskError) {
      switch try firstHeader(files.log(segment, .read), waits: waits) {
      case .found(let header):
        let time = header.usesLogAppendTime ? header.maxTimestamp : header.baseTimestamp
        return time.milliseconds < 0 ? .none : .at(time)
      case .notCached: return .notCached
      case .none: return .none
      }
    } catch {
      return .none
    }
  }
}
