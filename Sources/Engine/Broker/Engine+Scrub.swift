import LogStore
import Machine
import Settings
import Units

/// The pass over all full segments that compares their bytes with their checksums, and its pace.
struct Scrubber {
  /// When the next pass begins.
  var dueAt: Instant
  var sweep: Sweep?
  /// The partition under way, and the base offset from which its next segment is looked for.
  var place: (key: PartitionKey, from: Offset)?
  /// Waits for its next step.
  var waiting: SegmentScrub?
  /// A lane has a step.
  var isRunning = false
  /// The rate allows no step before this.
  var nextAt: Instant
  var tally = ScrubTally()

  init(now: Instant) {
    dueAt = now
    nextAt = now
  }
}

/// What the scrub has done since the start.
package struct ScrubTally: Equatable, Sendable {
  /// Bytes compared.
  package var bytes: UInt64 = 0
  /// Ranges found that are not what was written, counted again in every pass.
  package var damagedBlocks: UInt64 = 0
  /// Passes that came to their end.
  package var passes: UInt64 = 0
}

extension Engine {
  /// What the scrub has done since the start.
  package var scrubs: ScrubTally { scrubber.tally }

  var scrubDeadline: Instant {
    guard settings.upkeep.scrubBytesPerSecond > 0, !scrubber.isRunning else { return .distantFuture }
    guard scrubber.waiting != nil || scrubber.sweep != nil else { return scrubber.dueAt }
    return scrubber.nextAt
  }

  /// Goes on with the pass under way as fast as its rate allows, or begins the next one.
  func scrubDue(_ now: Instant) {
    guard scrubDeadline <= now else { return }
    if let waiting = scrubber.waiting {
      scrubber.waiting = nil
      return runScrub(waiting)
    }
    if scrubber.sweep == nil {
      scrubber.sweep = Sweep(topicOrder.topics(catalogue))
      scrubber.dueAt = now.advanced(byMs: max(settings.upkeep.scrubIntervalMs, 1))
    }
    nextSegment()
  }

  /// Looks for the next segment of the pass, as far as one turn may.
  private func nextSegment() {
    guard var sweep = scrubber.sweep else { return }
    var budget = Sweep.costPerTurn
    while budget > 0 {
      if let place = scrubber.place, let partition = store.partition(place.key) {
        budget -= 1 + partition.segments.count / 8
        if let scrub = store.scrub(of: partition, from: place.from) {
          scrubber.place?.from = scrub.segment.base.advanced(by: 1)
          scrubber.sweep = sweep
          return runScrub(scrub)
        }
      }
      scrubber.place = nil
      guard let key = sweep.next(catalogue, budget: &budget, where: { _ in true }) else {
        scrubber.sweep = nil
        scrubber.tally.passes += 1
        return
      }
      scrubber.place = (key, Offset(0))
    }
    scrubber.sweep = sweep
  }

  private func runScrub(_ scrub: SegmentScrub) {
    scrubber.isRunning = true
    store.submit(scrub)
  }

  /// A step is done: what it found is told, and the next one waits for its time.
  func scrubStepped(_ step: ScrubStep) {
    scrubber.isRunning = false
    scrubber.tally.bytes += UInt64(max(step.bytes, 0))
    scrubber.waiting = step.isDone ? nil : step.scrub
    let rate = max(settings.upkeep.scrubBytesPerSecond, 1)
    scrubber.nextAt = clock.now().advanced(byMs: Int64(Double(step.bytes) * 1_000 / Double(rate)))
    let key = step.scrub.segment.partition
    for damage in step.damages {
      scrubber.tally.damagedBlocks += 1
      observer?.engineNoticed(
        .damaged(
          topic: catalogue.topic(key.topic)?.description.name ?? "\(key.topic)", partition: key.index,
          first: damage.range.first, last: damage.range.last, reason: damage.range.reason,
          folder: settings.node.dataFolder))
    }
  }
}
