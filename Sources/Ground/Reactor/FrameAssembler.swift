package import ByteCodec

/// Cuts a stream into frames: four bytes of length (big-endian), then that many bytes. Pure; who feeds it decides at
/// each announcement whether the body's memory may be had.
package struct FrameAssembler {
  package enum Step {
    /// All bytes were used up.
    case needMore
    /// A length was read. Nothing more is taken until `accept`; asked again, it answers the same.
    case announced(Int32)
    case frame(ByteSlice)
  }

  private enum State {
    case prefix
    case announced(Int32)
    case body(ByteBlock)
  }

  private var state = State.prefix
  /// The bytes of the length that came so far, and how many.
  private var prefix: UInt32 = 0
  private var prefixCount: UInt8 = 0
  /// How much of the body is there.
  package private(set) var filled = 0

  /// Expects the first length.
  package init() {}

  /// Whether a body is on its way.
  package var isInBody: Bool { if case .body = state { true } else { false } }

  /// Takes bytes from the front of `bytes` up to the next thing to tell.
  package mutating func next(_ bytes: inout UnsafeRawBufferPointer) -> Step {
    switch state {
    case .announced(let length): return .announced(length)
    case .prefix:
      guard takePrefix(&bytes) else { return .needMore }
      let length = Int32(bitPattern: prefix)
      (prefix, prefixCount) = (0, 0)
      state = .announced(length)
      return .announced(length)
    case .body(let block):
      let count = min(bytes.count, block.capacity - filled)
      if count > 0, let source = bytes.baseAddress {
        (block.base + filled).copyMemory(from: source, byteCount: count)
        bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
      }
      return advance(by: count).map { .frame($0) } ?? .needMore
    }
  }

  /// Grants the announced body its memory. The length was found to be neither negative nor beyond the limit.
  package mutating func accept() {
    guard case .announced(let length) = state else { return }
    state = .body(ByteBlock(capacity: Int(length)))
    filled = 0
  }

  /// Where the rest of the body goes, for reading straight into it; nil outside a body. The memory lives until the
  /// frame is taken.
  package var space: UnsafeMutableRawBufferPointer? {
    guard case .body(let block) = state else { return nil }
    return UnsafeMutableRawBufferPointer(start: block.base + filled, count: block.capacity - filled)
  }

  /// Counts `count` bytes that were read into `space`; the frame when it is whole.
  package mutating func advance(by count: Int) -> ByteSlice? {
    guard case .body(let block) = state else { return nil }
    filled += count
    guard filled >= block.capacity else { return nil }
    state = .prefix
    return block.slice(count: block.capacity)
  }

  private mutating func takePrefix(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
    if prefixCount == 0, bytes.count >= 4 {
      prefix = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
      bytes = UnsafeRawBufferPointer(rebasing: bytes[4...])
      return true
    }
    var used = 0
    while prefixCount < 4, used < bytes.count {
      prefix = prefix << 8 | UInt32(bytes[used])
      prefixCount += 1
      used += 1
    }
    bytes = UnsafeRawBufferPointer(rebasing: bytes[used...])
    return prefixCount == 4
  }
}
