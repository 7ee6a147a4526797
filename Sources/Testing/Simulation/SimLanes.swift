import LogStore
import SimMachine

/// Lanes without threads: jobs wait in their lane's queue, and the simulation decides which lane runs next.
final class SimLanes: JobLanes {
  private let workshop: LogWorkshop
  private var queues = [[LogJob]](repeating: [], count: LogLane.allCases.count)

  init(workshop: LogWorkshop) { self.workshop = workshop }

  func submit(_ job: LogJob) { queues[job.lane.rawValue].append(job) }

  /// Runs the first job of a lane chosen by `random`; nil when there is none.
  func runOne(_ random: inout SeededRandom) -> LogEvent? {
    let busy = queues.indices.filter { !queues[$0].isEmpty }
    guard !busy.isEmpty else { return nil }
    return workshop.run(queues[busy[random.below(busy.count)]].removeFirst())
  }
}
