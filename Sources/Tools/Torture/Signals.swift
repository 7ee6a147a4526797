import Glibc

/// The signals of this program, taken one by one where it waits.
package enum Signals {
  /// Called before the first thread starts.
  package static func block() {
    var set = awaited
    pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// The next one within `ms`: SIGCHLD, SIGINT or SIGTERM; nil for none.
  static func next(withinMs ms: Int) -> Int32? {
    var set = awaited
    var time = timespec(tv_sec: ms / 1000, tv_nsec: ms % 1000 * 1_000_000)
    let number = sigtimedwait(&set, nil, &time)
    return number > 0 ? number : nil
  }

  private static var awaited: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGCHLD, SIGINT, SIGTERM] { sigaddset(&set, number) }
    return set
  }
}
