import Synchronization

/// A value behind a lock, for the few things that several threads share. Never held across a call into another room.
package final class Guarded<Value>: Sendable {
  private let mutex: Mutex<Value>

  package init(_ value: sending Value) { mutex = Mutex(value) }

  /// Runs `body` with the value, alone.
  package func with<Result, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    try mutex.withLock(body)
  }
}
