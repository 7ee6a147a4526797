import Dispatch
import Reactor
import Testing

/// How long a test waits for what must come; only a broken test waits that long.
let patience = DispatchTimeInterval.seconds(20)

/// Values handed from a loop's thread to a test, in order.
final class Notes<Value: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private let arrivals = DispatchSemaphore(value: 0)
  private var waiting: [Value] = []

  func put(_ value: Value) {
    lock.withLock { waiting.append(value) }
    arrivals.signal()
  }

  /// The next value, waited for.
  func take() throws -> Value {
    try #require(arrivals.wait(timeout: .now() + patience) == .success, "nothing came")
    return lock.withLock { waiting.removeFirst() }
  }

  var isEmpty: Bool { lock.withLock { waiting.isEmpty } }
}

extension EventLoop {
  /// Runs `work` on the loop and waits for its result.
  func ask<Value: Sendable>(_ work: @escaping @Sendable () -> Value) throws -> Value {
    let answer = Notes<Value>()
    try #require(post { answer.put(work()) })
    return try answer.take()
  }

  /// Lets turns pass until `condition` holds on the loop.
  func wait(until condition: @escaping @Sendable () -> Bool) throws {
    let end = DispatchTime.now() + patience
    while try !ask(condition) { try #require(DispatchTime.now() < end, "it never came true") }
  }

  /// Lets `count` whole turns pass.
  func letTurnsPass(_ count: Int = 2) throws {
    for _ in 0..<count { try ask {} }
  }
}
