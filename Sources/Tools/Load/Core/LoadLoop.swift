import ByteCodec
import CLinux
import Glibc
import Measuring

/// One connection of a run: a producer, a consumer, a member of a group. Called by the loop alone.
protocol LoadParty: AnyObject {
  var socket: LoadSocket { get }
  /// When `proceed` wants to be called without an answer, on the monotonic clock in nanoseconds; nil for never.
  var deadline: Int64? { get }
  /// An answer has come.
  func answered(_ frame: ByteSlice) throws(LoadFailure)
  /// Sends what may be sent now: after answers, when the socket takes more, and when the deadline has passed.
  func proceed() throws(LoadFailure)
}

/// Runs parties in one thread until they are done.
struct LoadLoop {
  /// A broker that answers nothing for so long has failed.
  private static let patienceMs: Int32 = 60_000

  private let timer: Int32

  init() { timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK)) }

  /// Closes the timer.
  func end() { close(timer) }

  /// Lets all begin, then serves whoever is ready, until `isDone`.
  func run(_ parties: [any LoadParty], until isDone: () -> Bool) throws(LoadFailure) {
    for party in parties { try party.proceed() }
    var polled = parties.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
    polled.append(pollfd(fd: timer, events: Int16(POLLIN), revents: 0))
    while !isDone() {
      var next = Int64.max
      for (index, party) in parties.enumerated() {
        polled[index].events = Int16(party.socket.isFree ? POLLIN : POLLIN | POLLOUT)
        next = min(next, party.deadline ?? .max)
      }
      arm(next)
      guard poll(&polled, nfds_t(polled.count), Self.patienceMs) > 0 else {
        throw LoadFailure(reason: "no answer in \(Self.patienceMs / 1_000) s")
      }
      let now = nanoseconds()
      for (index, party) in parties.enumerated() {
        let isDue = party.deadline.map { $0 <= now } ?? false
        guard polled[index].revents != 0 || isDue else { continue }
        try serve(party, Int32(polled[index].revents))
      }
    }
  }

  private func serve(_ party: any LoadParty, _ events: Int32) throws(LoadFailure) {
    if events & ~POLLOUT != 0 {
      try party.socket.receive { frame throws(LoadFailure) in try party.answered(frame) }
    }
    if !party.socket.isFree { try party.socket.flush() }
    try party.proceed()
  }

  /// Sets the timer, which counts from its last setting only: an old expiry does not show any more.
  private func arm(_ deadline: Int64) {
    var time = itimerspec()
    if deadline != .max {
      let at = max(deadline, 1)
      time.it_value = timespec(tv_sec: Int(at / 1_000_000_000), tv_nsec: Int(at % 1_000_000_000))
    }
    timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &time, nil)
  }
}
