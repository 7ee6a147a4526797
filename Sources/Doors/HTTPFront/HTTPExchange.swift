import CMicroHTTPD
import Machine

/// One request that waits for its answer. Answered once, from any thread; given up unanswered, it answers 503 by itself.
package final class HTTPExchange: Sendable {
  private let work: HTTPWork

  init(_ work: HTTPWork) { self.work = work }

  deinit { work.finish(.refusal(503, "the server cannot answer now")) }

  /// Sends the answer; a second one is ignored.
  package func reply(_ reply: HTTPReply) { work.finish(reply) }

  /// Sends the answer that `make` gives, which the front's thread calls: for texts that the caller has no time to write.
  package func reply(making make: @escaping @Sendable () -> HTTPReply) { work.finish(make) }
}

/// A request between the library's callbacks. The library keeps it retained from its first callback to its last.
final class HTTPWork: @unchecked Sendable {
  private enum State: Sendable {
    case new
    /// The connection is suspended.
    case waiting
    case answered(@Sendable () -> HTTPReply)
    case over
  }

  /// Valid until the library says that the request is over; only touched while it waits for us.
  private let connection: OpaquePointer
  private let state = Locked(State.new)

  init(connection: OpaquePointer) { self.connection = connection }

  /// Suspends the connection until `finish`. False when it was dispatched before.
  func suspend() -> Bool {
    state.withLock { state in
      guard case .new = state else { return false }
      state = .waiting
      MHD_suspend_connection(connection)
      return true
    }
  }

  /// The answer, once there is one.
  var reply: HTTPReply? {
    let make: (@Sendable () -> HTTPReply)? = state.withLock { state in
      guard case .answered(let make) = state else { return nil }
      return make
    }
    return make?()
  }

  func finish(_ reply: HTTPReply) { finish { reply } }

  func finish(_ make: @escaping @Sendable () -> HTTPReply) {
    state.withLock { state in
      guard case .waiting = state else { return }
      state = .answered(make)
      MHD_resume_connection(connection)
    }
  }

  /// The library is done with the request.
  func over() { state.withLock { $0 = .over } }
}
