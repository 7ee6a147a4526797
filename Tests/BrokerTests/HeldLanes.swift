import LogStore

/// Jobs wait in one queue until the test lets them run.
final class HeldLanes: JobLanes {
  private let workshop: LogWorkshop
  private(set) var jobs: [LogJob] = []

  init(_ workshop: LogWorkshop) { self.workshop = workshop }

  func submit(_ job: LogJob) { jobs.append(job) }

  func runFirst() -> LogEvent? {
    jobs.isEmpty ? nil : workshop.run(jobs.removeFirst())
  }
}
