import Broker
import LogStore
import SimMachine
import Units

/// Clocks that are set wrong, and what goes by age.
extension Workload {
  /// No trial goes on for as long as a producer is remembered: who has been forgotten is not the model's matter.
  static let longestHistoryMs: Int64 = 15 * 3_600_000
  /// A clock that is off by so much is believed.
  private static let believedMs: Int64 = 3_600_000

  /// The default of `retention.ms`, a week.
  private static let keptUnlessSaidMs: Int64 = 7 * 24 * 3_600_000

  /// Sets the wall clock right or wrong: by an hour, as daylight saving does where it is misunderstood, or by ten years, as
  /// an empty battery does.
  mutating func setClock() {
    let tenYears: Int64 = 3_652 * 24 * 3_600_000
    let wrong = [0, Self.believedMs, -Self.believedMs, tenYears, -tenYears][random.below(5)]
    node.clock.setWallClock(Timestamp(milliseconds: node.clock.trueWall.milliseconds + wrong))
    clockJumps += 1
  }

  /// Log starts that moved by themselves: whole batches went, and only such as are older than their topic keeps them,
  /// whatever the wall clock was set to, or more than it keeps.
  mutating func retentionPassed(_ model: inout Model) throws(SimFailure) {
    for id in model.topics.keys.sorted() {
      guard let topic = model.topics[id] else { continue }
      for partition in topic.partitions {
        guard let log = engine.store.partition(partition.key), log.start != partition.start else { continue }
        let place = "\(partition.key.folder): retention moved the log start to \(log.start.value)"
        let gone = partition.batches.prefix { $0.end <= log.start }
        guard gone.last?.end == log.start, log.start <= log.durable.end else {
          throw .wrong("\(place), which is no end of a synced batch")
        }
        let left = partition.batches[gone.endIndex...].reduce(0) { $0 + $1.bytes }
        let isTooMuch = topic.overrides["retention.bytes"].flatMap { Int($0) }.map { left >= $0 } ?? false
        guard isTooMuch || isOld(gone, topic) else {
          throw .wrong(
            "\(place), though records of \(gone.last?.timestamp.milliseconds ?? 0) are too young at "
              + "\(node.clock.trueWall.milliseconds), and the \(left) bytes left not too many: \(topic.overrides)")
        }
        model.decide(.startMoved(partition.key, log.start), at: log.lastChange)
        retained += 1
      }
    }
  }

  private func isOld(_ batches: ArraySlice<Model.StoredBatch>, _ topic: Model.Topic) -> Bool {
    let keptMs = topic.overrides["retention.ms"].flatMap { Int64($0) } ?? Self.keptUnlessSaidMs
    let latest = node.clock.trueWall.milliseconds + (setsClock ? Self.believedMs : 0)
    return batches.allSatisfy { latest - $0.timestamp.milliseconds > keptMs }
  }
}

extension ManualClock {
  /// Time since the clock was made: what the monotonic clock has gone on.
  var elapsedMs: Int64 { now().nanoseconds / 1_000_000 }

  /// What the wall clock would show had nobody set it.
  var trueWall: Timestamp { Timestamp(milliseconds: 1_700_000_000_000 + elapsedMs) }
}
