import LogStore

/// Lanes without threads: what is submitted waits until the conversation lets it run, in its order.
final class InlineLanes: JobLanes {
  private let workshop: LogWorkshop?
  private var jobs: [LogJob] = []

  init(workshop: LogWorkshop?) { self.workshop = workshop }

  func submit(_ job: LogJob) { jobs.append(job) }

  /// Runs all jobs, those with them that come of it; whether there were any.
  func runAll(_ deliver: (LogEvent) -> Void) -> Bool {
    guard let workshop, !jobs.isEmpty else { return false }
    while !jobs.isEmpty { deliver(workshop.run(jobs.removeFirst())) }
    return true
  }
}
