import Machine
import Reactor
import Simulation

/// The sweeps of faults and damage, spread over all processors.
enum Sweeps {
  private struct Flips: Sendable {
    var tally = RotSweep.Tally()
    var failures: [String] = []
  }

  /// Every part of the fault campaign; answers whether all went well.
  static func faults(seed: UInt64) throws(SystemError) -> Bool {
    let failures = Locked(0)
    try Workers.run(FaultCampaign.parts.count) { number in
      let part = FaultCampaign.parts[number]
      let lines: String
      do throws(SimFailure) {
        lines = try part.run(seed)
      } catch {
        failures.withLock { $0 += 1 }
        lines = "FAILED: \(error)"
      }
      Workers.say("--- \(part.name)\n\(lines)")
    }
    return failures.withLock { $0 } == 0
  }

  /// Flips `count` bits at rest, in folders of seeds from `first` on; answers whether there was no wrong answer.
  static func flips(_ count: Int, first: UInt64) throws(SystemError) -> Bool {
    let flips = Locked(Flips())
    let folders = (count + FlipCampaign.flipsInFolder - 1) / FlipCampaign.flipsInFolder
    try Workers.run(folders) { number in
      let seed = first &+ UInt64(number)
      let share = min(FlipCampaign.flipsInFolder, count - number * FlipCampaign.flipsInFolder)
      do throws(SimFailure) {
        let tally = try FlipCampaign.run(seed: seed, count: share)
        flips.withLock { $0.tally += tally }
      } catch {
        flips.withLock {
          $0.failures.append("WRONG in folder \(seed): \(error)\nagain with: simulate --flips 250 \(seed)")
        }
      }
    }
    let end = flips.withLock { $0 }
    Workers.say(end.tally.summary)
    for failure in end.failures { Workers.say(failure) }
    Workers.say("\(end.tally.total) bits flipped, \(end.failures.count) silent wrong answers")
    return end.failures.isEmpty
  }
}
