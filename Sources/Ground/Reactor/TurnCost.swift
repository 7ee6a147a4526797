import Glibc
import Units

/// What one turn of a loop took. The thread's own time tells what others waited for, however busy the machine is; where
/// it went is told by the wall.
package struct TurnCost: Sendable {
  /// What a turn does, in this order.
  package enum Part: Int, CaseIterable, Sendable { case sockets, lanes, timers, hooks, replies }

  /// Nanoseconds of processor time of the loop's thread.
  package internal(set) var processor: Int64 = 0
  /// Nanoseconds on the wall, by part.
  private var wall = (sockets: Int64(0), lanes: Int64(0), timers: Int64(0), hooks: Int64(0), replies: Int64(0))
  private var mark: Instant
  private let began: Int64

  /// Begins to count, on the thread that is to be counted.
  init(at now: Instant) {
    mark = now
    began = Self.threadTime()
  }

  /// `part` ends at `now`.
  mutating func ended(_ part: Part, at now: Instant) {
    let took = now.nanoseconds &- mark.nanoseconds
    switch part {
    case .sockets: wall.sockets = took
    case .lanes: wall.lanes = took
    case .timers: wall.timers = took
    case .hooks: wall.hooks = took
    case .replies: wall.replies = took
    }
    mark = now
  }

  /// The turn ends.
  mutating func ended() { processor = Self.threadTime() &- began }

  /// Where the time went, for a person.
  package var parts: String {
    [
      ("sockets", wall.sockets), ("lanes", wall.lanes), ("timers", wall.timers), ("end of turn", wall.hooks),
      ("replies", wall.replies),
    ].filter { $0.1 >= 1_000_000 }.map { "\($0.0) \($0.1 / 1_000_000) ms" }.joined(separator: ", ")
  }

  private static func threadTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
