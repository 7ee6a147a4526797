package import ByteCodec
import Glibc

/// The lines of a file or pipe. A line shares the block that was read, and is copied only where it spans two.
package final class LineSource {
  /// What came next.
  package enum Event {
    /// A line without its end.
    case line(ByteSlice)
    /// Nothing came in time.
    case pause
    case end
    /// A line is longer than `longestLine`.
    case tooLong
    /// The file cannot be read, with the system's reason.
    case failed(String)
  }

  /// Bytes read at once.
  private static let blockBytes = 256 << 10
  /// The longest line in bytes: no broker takes a record that is larger than this.
  package static let longestLine = 64 << 20

  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private var block = ByteSlice.empty
  /// The beginning of a line whose end has not been read.
  private var pending: [UInt8] = []
  private var isAtEnd = false

  /// The lines that come from `descriptor`, which stays open.
  package init(_ descriptor: Int32 = STDIN_FILENO) {
    self.descriptor = descriptor
    ownsDescriptor = false
  }

  /// The lines of a file, or nil with the reason in `reason`.
  package init?(path: String, reason: inout String) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    ownsDescriptor = true
    if descriptor < 0 {
      reason = String(cString: strerror(errno))
      return nil
    }
  }

  deinit { if ownsDescriptor, descriptor >= 0 { close(descriptor) } }

  /// The next line. Waits for more input at most `waitMs` milliseconds (negative: for ever), and ends early with `pause`
  /// when a signal comes.
  package func next(waitMs: Int32) -> Event {
    while true {  // each turn gives a line or reads
      if let line = takeLine() { return .line(line) }
      guard pending.count <= Self.longestLine else { return .tooLong }
      if isAtEnd {
        guard !pending.isEmpty else { return .end }
        defer { pending = [] }
        return .line(ByteSlice(copying: pending))
      }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, waitMs) > 0 else { return .pause }
      let room = ByteBlock(capacity: Self.blockBytes)
      let count = read(descriptor, room.base, room.capacity)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        return .failed(String(cString: strerror(errno)))
      }
      isAtEnd = count == 0
      block = room.slice(count: count)
    }
  }

  /// The next line whose end is in the block; where there is none, the block's rest becomes the line's beginning.
  private func takeLine() -> ByteSlice? {
    guard !block.isEmpty else { return nil }
    let end: Int? = block.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, let found = memchr(start, Int32(UInt8(ascii: "\n")), bytes.count) else {
        return nil
      }
      return UnsafeRawPointer(found) - start
    }
    guard let end else {
      block.withUnsafeBytes { pending += $0 }
      block = .empty
      return nil
    }
    let part = block.part(from: 0, count: end)
    block = block.dropping(end + 1)
    guard !pending.isEmpty else { return part }
    part.withUnsafeBytes { pending += $0 }
    defer { pending = [] }
    return ByteSlice(copying: pending)
  }
}
