import CLinux
import Glibc

/// A thread of its own with a name that `top -H` and debuggers show. It takes no signals: those go to a `SignalSource`.
package final class NamedThread: @unchecked Sendable {
  private let thread: pthread_t
  private let lock = Lock()
  private var isJoined = false

  /// Starts `body`. The system shows the first 15 bytes of `name`.
  package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    // Faults of the thread's own making stay with it.
    for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, fault) }
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    // Released by `threadMain`, or below when no thread came to be.
    let start = Unmanaged.passRetained(ThreadStart(name: String(name.prefix(15)), body: body))
    var made = pthread_t()
    let code = pthread_create(&made, nil, threadMain, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw SystemError(call: "pthread_create of \(name)", code: code)
    }
    thread = made
  }

  deinit {
    if !isJoined { pthread_detach(thread) }
  }

  /// Waits until the body has returned. Only the first call waits; never called by the thread itself.
  package func join() {
    let isFirst = lock.withLock {
      defer { isJoined = true }
      return !isJoined
    }
    if isFirst { pthread_join(thread, nil) }
  }
}

private final class ThreadStart {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func threadMain(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  let start = Unmanaged<ThreadStart>.fromOpaque(raw).takeRetainedValue()
  _ = linux_set_thread_name(start.name)
  start.body()
  return nil
}
