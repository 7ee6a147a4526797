import ByteCodec
import Units

/// The batches of a commit group by the segment they go to: of each segment one run of bytes, since a group holds its
/// batches in the order in which they were placed. Used again for each group, with the memory it has.
struct SegmentRuns {
  struct Run {
    var key: SegmentKey
    var position: FilePosition
    var parts: [ByteSlice]
  }

  /// So many runs keep their memory.
  private static let kept = 64

  /// The runs of this group, and behind them empty ones of earlier groups.
  private var runs: [Run] = []
  private var count = 0
  /// Where each segment's run is, as soon as there is more than one.
  private var places: [SegmentKey: Int] = [:]

  var all: ArraySlice<Run> { runs[..<count] }

  mutating func add(_ bytes: ByteSlice, at place: BatchPlace) {
    let key = SegmentKey(partition: place.partition, base: place.segment)
    if count > 0, runs[count - 1].key == key { return runs[count - 1].parts.append(bytes) }
    if let known = places[key] { return runs[known].parts.append(bytes) }
    if count == 1 { places[runs[0].key] = 0 }
    if count > 0 { places[key] = count }
    if count < runs.count {
      runs[count].key = key
      runs[count].position = place.position
      runs[count].parts.append(bytes)
    } else {
      runs.append(Run(key: key, position: place.position, parts: [bytes]))
    }
    count += 1
  }

  /// Forgets the group.
  mutating func clear() {
    for index in 0..<count { runs[index].parts.removeAll(keepingCapacity: index < Self.kept) }
    if runs.count > Self.kept { runs.removeLast(runs.count - Self.kept) }
    places.removeAll(keepingCapacity: count <= Self.kept)
    count = 0
  }

  #if PLANTED_BUGS
    /// Exchanges the first two batches of each run.
    mutating func swapFirst() {
      for index in 0..<count where runs[index].parts.count > 1 { runs[index].parts.swapAt(0, 1) }
    }
  #endif
}
