import ByteCodec
import Units

/// The batches of a commit group by the segment they go to: of each segment one run of bytes, since a group holds its
/// batches in the order in which they were placed.
struct SegmentRuns {
  struct Run {
    var key: SegmentKey
    var position: FilePosition
    var parts: [ByteSlice]
  }

  private(set) var all: [Run] = []
  private var places: [SegmentKey: Int] = [:]

  mutating func add(_ bytes: ByteSlice, at place: BatchPlace) {
    let key = SegmentKey(partition: place.partition, base: place.segment)
    if let last = all.last, last.key == key { return all[all.count - 1].parts.append(bytes) }
    if let known = places[key] { return all[known].parts.append(bytes) }
    places[key] = all.count
    all.append(Run(key: key, position: place.position, parts: [bytes]))
  }

  #if PLANTED_BUGS
    /// Exchanges the first two batches of each run.
    mutating func swapFirst() {
      for index in all.indices where all[index].parts.count > 1 { all[index].parts.swapAt(0, 1) }
    }
  #endif
}
