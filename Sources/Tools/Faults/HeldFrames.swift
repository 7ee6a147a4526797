import ByteCodec
import Units

/// Frames on their way in one direction of one connection, in order: one that is held holds up those behind it.
struct HeldFrames {
  struct Item {
    let frame: ByteSlice
    let sight: FrameSight
    let due: Instant
    /// How many of its bytes go on before the connection is cut; nil where it is not.
    let cutAfter: Int?
  }

  /// Frames and bytes that may wait before the sender is read no more.
  static let countLimit = 1_000
  static let byteLimit = 16 << 20

  private(set) var items: [Item] = []
  private(set) var bytes = 0

  var isFull: Bool { items.count >= Self.countLimit || bytes >= Self.byteLimit }
  var isEmpty: Bool { items.isEmpty }
  /// When the first may go on.
  var due: Instant? { items.first?.due }

  mutating func append(_ frame: ByteSlice, _ sight: FrameSight, _ fate: FrameFate, now: Instant) {
    var due = now
    var cutAfter: Int?
    switch fate {
    case .pass: break
    case .hold(let ms): due = now.advanced(byMs: Int64(ms))
    case .cut(let bytes): cutAfter = bytes
    }
    items.append(Item(frame: frame, sight: sight, due: due, cutAfter: cutAfter))
    bytes += frame.count
  }

  /// The first one, if its time has come.
  mutating func takeDue(at now: Instant) -> Item? {
    guard let first = items.first, first.due <= now else { return nil }
    items.removeFirst()
    bytes -= first.frame.count
    return first
  }

  /// Keeps what may still arrive when the sender is gone: the first frames up to one that may not.
  mutating func senderLeft() {
    items = Array(items.prefix { $0.sight.mayArriveLate && $0.cutAfter == nil })
    bytes = items.reduce(0) { $0 + $1.frame.count }
  }

  /// Everything, to be delivered at once.
  mutating func takeAll() -> [Item] {
    defer { (items, bytes) = ([], 0) }
    return items
  }
}
