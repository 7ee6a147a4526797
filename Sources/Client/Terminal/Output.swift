import Glibc

/// Standard output, gathered into large writes. Used by one thread.
package final class Output {
  /// Bytes that are gathered before they are written.
  private static let bufferBytes = 64 << 10

  private let descriptor: Int32
  private var buffer: [UInt8] = []
  /// Nobody reads any more, or the disk behind it is full: nothing more is written.
  package private(set) var isBroken = false
  /// Why, where it is not just that the reader has gone away.
  package private(set) var failure: String?

  /// Whether a person sees standard output.
  package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Output on that descriptor, which stays open.
  package init(_ descriptor: Int32 = STDOUT_FILENO) {
    self.descriptor = descriptor
    signal(SIGPIPE, SIG_IGN)
    buffer.reserveCapacity(Self.bufferBytes)
  }

  /// Adds what `body` appends, and writes when enough has been gathered.
  package func gather(_ body: (inout [UInt8]) -> Void) {
    body(&buffer)
    if buffer.count >= Self.bufferBytes { flush() }
  }

  /// Adds a text.
  package func write(_ text: String) { gather { $0 += text.utf8 } }

  /// Writes all that has been gathered.
  package func flush() {
    var sent = 0
    while sent < buffer.count, !isBroken {
      let count = buffer.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
        return Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, -1)
      } else if errno != EINTR {
        isBroken = true
        if errno != EPIPE { failure = String(cString: strerror(errno)) }
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Standard error: complaints, notices, summaries.
package enum ErrorOutput {
  /// Whether a person sees it.
  package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes a text as it is.
  package static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Glibc.write(STDERR_FILENO, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
        if count > 0 { sent += count } else if errno != EINTR { return }
      }
    }
  }

  /// Writes "millrace: " and a line.
  package static func say(_ line: String) { write("millrace: \(line)\n") }
}
