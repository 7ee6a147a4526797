import Glibc

/// Reads lines from a pipe, with a deadline instead of for ever.
final class LineReader {
  private let descriptor: Int32
  private var waiting: [UInt8] = []
  private var ended = false

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// The next line; nil at the end. Throws when none came within `seconds`.
  func line(within seconds: Int = 60) throws -> String? {
    guard hasLine(within: seconds) else { throw late }
    guard let end = waiting.firstIndex(of: 10) else { return nil }
    defer { waiting.removeSubrange(...end) }
    return String(decoding: waiting[..<end], as: UTF8.self)
  }

  /// Whether a line, or the end, is there within `seconds`.
  func hasLine(within seconds: Int) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !waiting.contains(10), !ended {
      guard fill(until: deadline) else { return false }
    }
    return true
  }

  /// Whether the end is there within `milliseconds`; lines that come meanwhile are kept.
  func hasEnded(withinMs milliseconds: Int) -> Bool {
    let deadline = ContinuousClock.now + .milliseconds(milliseconds)
    while !ended {
      guard fill(until: deadline) else { return false }
    }
    return true
  }

  /// All that is still to come.
  func rest(within seconds: Int) throws -> String {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !ended {
      guard fill(until: deadline) else { throw late }
    }
    defer { waiting = [] }
    return String(decoding: waiting, as: UTF8.self)
  }

  private var late: ChildFailure { ChildFailure("it printed nothing in time") }

  /// Reads what is there or comes; false when the deadline has passed.
  private func fill(until deadline: ContinuousClock.Instant) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { return false }
    let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
    guard poll(&entry, 1, Int32(clamping: milliseconds + 1)) > 0 else { return true }
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &part, part.count)
    if count > 0 { waiting += part[..<count] } else { ended = true }
    return true
  }
}
