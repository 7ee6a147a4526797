import Glibc
import Synchronization

private let wasInterrupted = Atomic<Bool>(false)

/// SIGINT and SIGTERM as a wish to stop. The first is noted, a second ends the process as it would without us.
package enum Interruption {
  /// Begins to note the signals. Calls that wait are ended by them.
  package static func watch() {
    for number in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = note
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  /// Whether a signal came.
  package static var isWished: Bool { wasInterrupted.load(ordering: .relaxed) }
}

private func note(_ number: Int32) { wasInterrupted.store(true, ordering: .relaxed) }
