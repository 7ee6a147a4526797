/// A request as routes see it: no body, for nothing served yet takes one.
package struct HTTPRequest: Sendable {
  /// The path, unescaped, without the query.
  package var path: String

  package init(path: String) { self.path = path }
}

/// An answer.
package struct HTTPReply: Sendable {
  /// The status code.
  package var status: UInt32
  package var contentType: String
  package var body: String

  package init(status: UInt32 = 200, contentType: String = "text/plain; charset=utf-8", body: String) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// An error for people, in a line.
  static func refusal(_ status: UInt32, _ reason: String) -> HTTPReply {
    HTTPReply(status: status, body: reason + "\n")
  }
}

/// What is served at a path. `answer` is called on the front's thread and must not block: it answers now, or hands the
/// exchange to a thread that will.
package struct HTTPRoute: Sendable {
  package let path: String
  package let answer: @Sendable (HTTPRequest, HTTPExchange) -> Void

  package init(_ path: String, answer: @escaping @Sendable (HTTPRequest, HTTPExchange) -> Void) {
    self.path = path
    self.answer = answer
  }
}

/// What clients may do to the front.
package struct HTTPLimits: Sendable {
  /// Connections at a time; more wait in the backlog.
  package var connections = 256
  /// Connections at a time from one address.
  package var connectionsPerAddress = 128
  /// Bytes of a request's line and headers, with what is needed to parse them.
  package var headerBytes = 16 << 10
  /// Seconds without progress after which a connection is closed.
  package var idleSeconds = 30

  package init() {}
}
