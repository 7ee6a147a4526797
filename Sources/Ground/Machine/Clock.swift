package import Units

/// Time as the engine sees it. Real on a machine, moved by hand in tests and simulations.
package protocol Clock: AnyObject, Sendable {
  /// Monotonic: for every timeout.
  func now() -> Instant
  /// The machine's own count of time, from some moment on: like `now`, but it goes on while the machine sleeps.
  func sinceBoot() -> Instant
  /// The wall clock: for record timestamps and retention only; it may jump either way.
  func wallClock() -> Timestamp
}

extension Clock {
  /// A machine that does not sleep.
  package func sinceBoot() -> Instant { now() }
}

/// Randomness as the engine sees it. From the system on a machine, from a seed in simulations.
package protocol Entropy: AnyObject, Sendable {
  func next() -> UInt64
}

extension Entropy {
  /// A random id whose text never begins with a dash, so that it can stand on a command line; never zero.
  package func uniqueID() -> UniqueID {
    while true {
      let id = UniqueID(high: next(), low: next())
      if id.high >> 58 != 62, id != .zero { return id }
    }
  }
}
