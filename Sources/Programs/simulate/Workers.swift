import Glibc
import Machine
import Reactor

/// Work in numbered parts, spread over as many threads as there are processors.
enum Workers {
  /// Runs `body` for each of `count` parts, in order of their beginning, and returns when all are done.
  static func run(_ count: Int, _ body: @escaping @Sendable (_ part: Int) -> Void) throws(SystemError) {
    let next = Locked(0)
    var threads: [NamedThread] = []
    for number in 0..<min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), max(count, 1)) {
      let thread = try NamedThread(name: "worker \(number)") {
        while true {
          let part = next.withLock { part in
            defer { part += 1 }
            return part
          }
          guard part < count else { return }
          body(part)
        }
      }
      threads.append(thread)
    }
    for thread in threads { thread.join() }
  }

  /// Prints a line at once, also where the output is a file.
  static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
