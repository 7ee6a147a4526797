/// Why a connection ended, in words for the log.
package enum CloseReason: Equatable, Sendable, CustomStringConvertible {
  case peerClosed
  case peerReset
  case readFailed(Int32)
  case writeFailed(Int32)
  /// A file to be sent could not be read.
  case fileFailed(String, Int32)
  /// A file to be sent is shorter than was promised.
  case fileEnded(String)
  case negativeLength(Int32)
  case frameTooLarge(Int, limit: Int)
  /// A frame's body came slower than 64 KiB/s.
  case slowBody
  /// Nothing moved either way for the idle time.
  case idle
  /// Replies waited and the peer took none of them for the allowed time.
  case slowReader
  /// The handler's own reason.
  case handler(String)
  case loopStopped

  package var description: String {
    switch self {
    case .peerClosed: "the peer closed it"
    case .peerReset: "the peer reset it"
    case .readFailed(let code): "reading failed: \(SystemError.reason(code))"
    case .writeFailed(let code): "writing failed: \(SystemError.reason(code))"
    case .fileFailed(let path, let code): "reading \(path) to send it failed: \(SystemError.reason(code))"
    case .fileEnded(let path): "\(path) ended before what was to be sent of it"
    case .negativeLength(let length): "a frame announced \(length) bytes: the peer does not speak this protocol"
    case .frameTooLarge(let length, let limit): "a frame announced \(length) bytes, more than the limit of \(limit)"
    case .slowBody: "a frame's body came slower than \(ReactorLimits.bodyBytesPerSecond) bytes a second"
    case .idle: "it was idle for too long"
    case .slowReader: "the peer did not take its replies"
    case .handler(let text): text
    case .loopStopped: "the server stops"
    }
  }

  /// The reason for an error number of a read or write.
  init(reading code: Int32) { self = Self.isReset(code) ? .peerReset : .readFailed(code) }
  init(writing code: Int32) { self = Self.isReset(code) ? .peerReset : .writeFailed(code) }

  /// ECONNRESET or EPIPE.
  private static func isReset(_ code: Int32) -> Bool { code == 104 || code == 32 }
}
