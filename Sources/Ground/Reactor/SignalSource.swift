import CLinux
import Glibc

/// Signals as events of a loop. `block` comes first, before any thread starts; then a source per program.
package final class SignalSource: @unchecked Sendable {
  private let loop: EventLoop
  private let handler: (Int32) -> Void
  private var descriptor: Descriptor?
  private var id: SourceID?

  /// Blocks `signals` for this thread and all it starts, and ignores SIGPIPE for the process. Called once, first thing
  /// in the program: a thread that did not inherit the mask would take the signal and end the process.
  package static func block(_ signals: [Int32] = [SIGTERM, SIGINT]) {
    var set = signalSet(signals)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Calls `handler` on the loop's thread with the number of each of the blocked `signals` that comes.
  package init(
    on loop: EventLoop, _ signals: [Int32] = [SIGTERM, SIGINT], handler: @escaping (Int32) -> Void
  ) throws(SystemError) {
    assert(loop.isOnLoopThread)
    self.loop = loop
    self.handler = handler
    var set = signalSet(signals)
    let made = try Descriptor(
      of: "signalfd", signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC)))
    let number = made.number
    descriptor = consume made
    id = try loop.poller.add(number, interest: Poller.readable, self)
  }

  /// Signals stay blocked and wait; nobody hears them any more.
  package func close() {
    assert(loop.isOnLoopThread)
    if let id, let number { loop.poller.remove(number, id) }
    id = nil
    descriptor = nil
  }

  private var number: Int32? {
    switch descriptor {
    case .some(let open): open.number
    case .none: nil
    }
  }
}

extension SignalSource: EventSource {
  func ready(_ events: UInt32) {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    while let number, read(number, &info, size) == size { handler(Int32(info.ssi_signo)) }
  }

  func loopStopped() { close() }
}

private func signalSet(_ signals: [Int32]) -> sigset_t {
  var set = sigset_t()
  sigemptyset(&set)
  for signal in signals { sigaddset(&set, signal) }
  return set
}
