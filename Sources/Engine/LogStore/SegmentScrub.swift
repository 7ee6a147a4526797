import ByteCodec
import Machine
import Units

/// The comparison of one segment's bytes with its checksums, under way: complete in itself, so that it can wait with the
/// engine and run on a lane, a step at a time.
package struct SegmentScrub: Sendable {
  /// What one step reads, up to the end of the block that reaches it.
  static let stepBytes = 1 << 20

  package let segment: SegmentKey
  let description: SegmentDescription
  /// The blocks; nil until the first step has read them from the index file.
  private var rows: [BlockIndex.Row]?
  private var next = 0

  init(_ segment: SegmentKey, _ description: SegmentDescription, rows: [BlockIndex.Row]?) {
    self.segment = segment
    self.description = description
    self.rows = rows
  }
}

/// What a step of a scrub found.
package struct ScrubStep: Sendable {
  /// A range whose bytes are not what was written.
  package struct Damage: Sendable {
    package var range: IndexFailure
    /// The block, where it is one.
    var row: BlockIndex.Row?
  }

  /// How it goes on.
  package var scrub: SegmentScrub
  /// Bytes compared.
  package var bytes = 0
  package var damages: [Damage] = []
  /// The segment's end is reached.
  package var isDone = false
}

extension SegmentScrub {
  /// Compares the next blocks. Never throws: what the disk does not give is damage.
  func step(_ workshop: LogWorkshop) -> ScrubStep {
    var step = ScrubStep(scrub: self)
    if step.scrub.rows == nil { step.loadRows(workshop) }
    guard let rows = step.scrub.rows else { return step }
    do throws(DiskError) {
      let file = try workshop.files.log(segment, .read)
      while step.scrub.next < rows.count, step.bytes < Self.stepBytes {
        let row = rows[step.scrub.next]
        step.scrub.next += 1
        let bytes = try file.read(count: Int(row.length.value), at: row.position)
        step.bytes += bytes.count
        guard bytes.count != Int(row.length.value) || Checksum.crc32c(bytes) != row.checksum else { continue }
        step.damages.append(ScrubStep.Damage(range: row.mismatch(in: segment), row: row))
      }
    } catch {
      // The block that was asked for last; none when the file does not even open, and then it is the end.
      let row = step.scrub.next > next ? rows[step.scrub.next - 1] : nil
      step.isDone = row == nil
      let range = IndexFailure(
        first: row?.firstOffset ?? description.base, last: row?.lastOffset ?? description.end.advanced(by: -1),
        reason: error.description)
      step.damages.append(ScrubStep.Damage(range: range, row: row))
    }
    if step.scrub.next >= rows.count { step.isDone = true }
    return step
  }
}

extension ScrubStep {
  fileprivate mutating func loadRows(_ workshop: LogWorkshop) {
    switch workshop.indexes.load(scrub.segment, scrub.description, isActive: false) {
    case .success(let loaded):
      scrub.take(loaded.index.rows)
      if let damage = loaded.damage { damages.append(Damage(range: damage)) }
    case .failure(let failure):
      damages.append(Damage(range: failure))
      isDone = true
    }
  }
}

extension SegmentScrub {
  fileprivate mutating func take(_ rows: [BlockIndex.Row]) { self.rows = rows }
}

extension BlockIndex.Row {
  /// That the block's bytes are not what its checksum says.
  func mismatch(in segment: SegmentKey) -> IndexFailure {
    IndexFailure(
      first: firstOffset, last: lastOffset,
      reason: "the checksum of the block at byte \(position.value) of \(segment.logPath) does not match")
  }
}
