import Glibc

/// A system call that failed while something was set up: which, on what, and the system's reason.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call, in the system's own name, with what it was about: "bind of 127.0.0.1:9092".
  package var call: String
  /// The system's error number; for `getaddrinfo` its own negative codes.
  package var code: Int32

  package init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  package var description: String { "\(call) failed: \(Self.reason(code)) (\(code))" }

  /// The system's words for an error number.
  package static func reason(_ code: Int32) -> String {
    if code < 0 { return String(cString: gai_strerror(code)) }
    guard let text = strerror(code) else { return "unknown error" }
    return String(cString: text)
  }
}
