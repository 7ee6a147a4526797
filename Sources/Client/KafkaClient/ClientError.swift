package import KafkaWire

/// Why a client could not do what it was asked: what kind of thing went wrong, and a text that says what and where.
package struct ClientError: Error, Sendable, CustomStringConvertible {
  /// What kind of thing went wrong.
  package enum Kind: Sendable, Equatable {
    /// No connection could be made.
    case unreachable
    /// The broker closed the connection, or it broke.
    case disconnected
    /// The broker did not answer in time.
    case timedOut
    /// The answer is not what the protocol allows, or larger than the client takes.
    case malformedAnswer
    /// The broker has no version of an API that this client speaks.
    case unsupported
    /// The broker, or a partition of it, answered with an error.
    case refused(ErrorCode)
    /// The user wants the client to stop.
    case interrupted
  }

  package var kind: Kind
  package var description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// The refusal of `subject` with an error of the protocol, and what the broker said about it.
  package init(_ code: ErrorCode, _ subject: String, message: String? = nil) {
    let said = message.map { ": \($0)" } ?? ""
    self.init(.refused(code), "\(subject): \(code)\(said)")
  }

  /// Whether the same may well succeed a little later.
  package var isRetriable: Bool {
    switch kind {
    case .unreachable, .disconnected, .timedOut: true
    case .refused(let code): code.isRetriable
    case .malformedAnswer, .unsupported, .interrupted: false
    }
  }

  /// Whether the connection that it happened on is of no more use.
  var breaksConnection: Bool {
    switch kind {
    case .refused, .unsupported: false
    case .unreachable, .disconnected, .timedOut, .malformedAnswer, .interrupted: true
    }
  }

  /// The broker's error, where it is one.
  package var code: ErrorCode? {
    if case .refused(let code) = kind { return code }
    return nil
  }
}
