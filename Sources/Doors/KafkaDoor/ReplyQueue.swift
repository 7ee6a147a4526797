import ByteCodec
import Units

/// The replies of one connection, in the order of its requests: one leaves when it is made, everything it shows is
/// durable, and all before it have left.
struct ReplyQueue {
  /// A request's place in the order.
  typealias Slot = UInt64

  private enum State {
    case open
    case made([ByteSlice], after: JournalSequence)
  }

  private var states: [State] = []
  private var stamps: [RequestStamp] = []
  private var first: Slot = 0

  /// Requests without a reply that has left.
  var count: Int { states.count }

  mutating func open(_ stamp: RequestStamp) -> Slot {
    states.append(.open)
    stamps.append(stamp)
    return first + UInt64(states.count) - 1
  }

  mutating func fill(_ slot: Slot, _ parts: [ByteSlice], after sequence: JournalSequence) {
    guard slot >= first, slot - first < UInt64(states.count) else { return }
    states[Int(slot - first)] = .made(parts, after: sequence)
  }

  /// Takes the replies that may leave now, in order.
  mutating func takeReady(durable: JournalSequence, left: (RequestStamp) -> Void) -> [ByteSlice] {
    var parts: [ByteSlice] = []
    var taken = 0
    while taken < states.count, case .made(let next, let sequence) = states[taken], sequence <= durable {
      parts += next
      left(stamps[taken])
      taken += 1
    }
    states.removeFirst(taken)
    stamps.removeFirst(taken)
    first += UInt64(taken)
    return parts
  }

  /// Whether the next reply waits for nothing but the disk.
  var waitsForDisk: Bool {
    if case .made = states.first { true } else { false }
  }
}
