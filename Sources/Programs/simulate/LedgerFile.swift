import Glibc
import Reactor

/// The ledger on disk, held by one campaign at a time.
final class LedgerFile: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Opens or makes the file at `path` and locks it; fails when another campaign holds it.
  init(path: String) throws(SystemError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError(call: "open of \(path)", code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      throw SystemError(call: "lock of \(path), which another campaign may hold,", code: code)
    }
  }

  deinit { close(descriptor) }

  /// All that stands in it. A line that a killed campaign left without its end is closed, so that the next one begins
  /// on its own.
  func text() throws(SystemError) -> String {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = pread(descriptor, &part, part.count, bytes.count)
      guard count >= 0 else { throw SystemError(call: "read of \(path)", code: errno) }
      if count == 0 { break }
      bytes += part[..<count]
    }
    if let last = bytes.last, last != UInt8(ascii: "\n") { try append("") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Adds a line, which counts from then on.
  func append(_ line: String) throws(SystemError) {
    let bytes = Array((line + "\n").utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0 else {
      throw SystemError(call: "write of \(path)", code: errno)
    }
  }
}
