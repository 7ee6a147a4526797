import LogStore
import Reactor

/// The engine's lanes as threads: two readers, and one each of the others.
final class ThreadLanes: JobLanes {
  private let workshop: LogWorkshop
  private var threads: [LogLane: [Lane]] = [:]
  /// Hands a finished job's event to the engine's thread.
  private let deliver: @Sendable (LogEvent) -> Void

  init(workshop: LogWorkshop, deliver: @escaping @Sendable (LogEvent) -> Void) throws(SystemError) {
    self.workshop = workshop
    self.deliver = deliver
    for lane in LogLane.allCases {
      var lanes: [Lane] = []
      for number in 0..<(lane == .reader ? 2 : 1) { lanes.append(try Lane(name: "\(lane)-\(number)")) }
      threads[lane] = lanes
    }
  }

  func submit(_ job: LogJob) {
    // The reader with least to do: one may be making the index of a whole segment.
    guard let lane = threads[job.lane]?.min(by: { $0.load < $1.load }) else { return }
    let (workshop, deliver) = (workshop, deliver)
    // The engine has at most one commit, one checkpoint, a few preparations and as many reads as fetches under way: far
    // below the lane's bound. A lane that refuses has been stopped.
    _ = lane.submit { deliver(workshop.run(job)) }
  }

  /// Ends the threads when what they have is done. From any other thread.
  func stop() {
    for lanes in threads.values { for lane in lanes { lane.stop() } }
  }
}
