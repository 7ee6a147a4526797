package import Reactor
package import Units

/// The replies of one connection, in the order of its requests: one leaves when it is made, everything it shows is
/// durable, and all before it have left.
package struct ReplyQueue {
  /// A request's place in the order.
  package typealias Slot = UInt64

  private enum State {
    case open
    case made([OutputPart], after: JournalSequence)
  }

  private var states: [State] = []
  private var stamps: [RequestStamp?] = []
  private var first: Slot = 0
  /// Bytes of replies that are made, have not left, and are in memory.
  package private(set) var bytes = 0

  package init() {}

  /// Requests without a reply that has left.
  package var count: Int { states.count }

  /// Takes the next place; `stamp` is handed back when its reply leaves.
  package mutating func open(_ stamp: RequestStamp? = nil) -> Slot {
    states.append(.open)
    stamps.append(stamp)
    return first + UInt64(states.count) - 1
  }

  /// Puts a reply (no parts: none is sent) at `slot`; it leaves once `sequence` is durable. A slot that
  /// has its reply already is ignored.
  package mutating func fill(_ slot: Slot, _ parts: [OutputPart], after sequence: JournalSequence) {
    guard slot >= first, slot - first < UInt64(states.count) else { return }
    guard case .open = states[Int(slot - first)] else { return }
    states[Int(slot - first)] = .made(parts, after: sequence)
    for part in parts { bytes += part.bytesInMemory }
  }

  /// Takes the replies that may leave now, in order.
  package mutating func takeReady(
    durable: JournalSequence, left: (RequestStamp) -> Void = { _ in }
  ) -> [OutputPart] {
    var parts: [OutputPart] = []
    var taken = 0
    while taken < states.count, case .made(let next, let sequence) = states[taken], sequence <= durable {
      if parts.isEmpty { parts = next } else { parts += next }
      if let stamp = stamps[taken] { left(stamp) }
      taken += 1
    }
    guard taken > 0 else { return parts }
    for part in parts { bytes -= part.bytesInMemory }
    states.removeFirst(taken)
    stamps.removeFirst(taken)
    // An idle connection keeps next to nothing.
    if states.isEmpty, states.capacity > 8 { (states, stamps) = ([], []) }
    first += UInt64(taken)
    return parts
  }

  /// Whether the next reply waits for nothing but the disk.
  package var waitsForDisk: Bool {
    if case .made = states.first { true } else { false }
  }
}
