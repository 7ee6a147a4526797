package import ByteCodec
import Glibc
package import Machine

/// A piece of a reply.
package enum OutputPart: Sendable {
  case bytes(ByteSlice)
  case file(FileRange)

  /// Its size in bytes.
  package var count: Int {
    switch self {
    case .bytes(let slice): slice.count
    case .file(let range): range.count
    }
  }

  /// How many of them are in this process's memory.
  package var bytesInMemory: Int {
    if case .bytes(let slice) = self { slice.count } else { 0 }
  }
}

/// What waits to be written, in order.
struct OutputQueue {
  private var parts: [OutputPart] = []
  private var head = 0
  /// Bytes that wait in memory.
  private(set) var queuedBytes = 0
  /// Bytes that wait in files.
  private(set) var queuedFileBytes = 0

  var isEmpty: Bool { head == parts.count }
  var first: OutputPart? { isEmpty ? nil : parts[head] }

  mutating func append(_ part: OutputPart) {
    guard part.count > 0 else { return }
    count(part, 1)
    parts.append(part)
  }

  /// Fills `table` with the leading parts that are in memory, at most `limit` bytes of them.
  func gather(_ table: UnsafeMutablePointer<iovec>, limit: Int) -> (parts: Int, bytes: Int, isFileNext: Bool) {
    var (used, total, index) = (0, 0, head)
    while index < parts.count, used < ReactorLimits.partsPerWrite, total < limit {
      guard case .bytes(let slice) = parts[index] else { return (used, total, true) }
      let length = min(slice.count, limit - total)
      table[used] = iovec(iov_base: slice.block.base + slice.start, iov_len: length)
      used += 1
      total += length
      index += 1
    }
    return (used, total, false)
  }

  /// Forgets the first `written` bytes.
  mutating func drop(_ written: Int) {
    var rest = written
    while rest > 0, !isEmpty {
      let part = parts[head]
      count(part, -1)
      if rest >= part.count {
        rest -= part.count
        parts[head] = .bytes(.empty)
        head += 1
      } else {
        let remainder: OutputPart =
          switch part {
          case .bytes(let slice): .bytes(slice.dropping(rest))
          case .file(let range): .file(range.dropping(rest))
          }
        parts[head] = remainder
        count(remainder, 1)
        rest = 0
      }
    }
    compact()
  }

  /// Puts `bytes` in the place of as many that the first part has in a file.
  mutating func fill(_ bytes: ByteSlice) {
    guard case .file(let range)? = first else { return }
    let rest = range.dropping(bytes.count)
    count(.file(range), -1)
    parts[head] = .bytes(bytes)
    count(.bytes(bytes), 1)
    guard rest.count > 0 else { return }
    parts.insert(.file(rest), at: head + 1)
    count(.file(rest), 1)
  }

  mutating func removeAll() { self = OutputQueue() }

  private mutating func count(_ part: OutputPart, _ sign: Int) {
    switch part {
    case .bytes(let slice): queuedBytes += sign * slice.count
    case .file(let range): queuedFileBytes += sign * range.count
    }
  }

  private mutating func compact() {
    if isEmpty {
      parts.removeAll(keepingCapacity: parts.capacity <= 4)  // an idle connection keeps next to nothing
      head = 0
    } else if head >= 256, head * 2 >= parts.count {
      parts.removeFirst(head)
      head = 0
    }
  }
}
