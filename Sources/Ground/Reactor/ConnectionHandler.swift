package import ByteCodec
package import Machine

/// What becomes of a frame whose length is known and whose body is not read yet.
package enum FrameVerdict: Equatable, Sendable {
  /// Memory for the body is granted.
  case accept
  /// Not now: the connection is not read until `resumeReading`, then the same length is announced again.
  case wait
  case close(CloseReason)
}

/// The owner's side of a connection. All calls come on the thread of the connection's loop.
package protocol ConnectionHandler: AnyObject {
  /// A frame of `length` bytes (0 ... the connection's limit) begins. Asked before memory is taken for it.
  func frameAnnounced(length: Int) -> FrameVerdict
  /// A whole frame, without its length, in a block of its own.
  func frameReceived(_ frame: ByteSlice)
  /// All that was queued has been given to the system.
  func outputDrained()
  /// These bytes come next and are not in memory: the handler has them read elsewhere and gives them to
  /// `Connection.supply`. Nothing is written before.
  func fileNotCached(_ range: FileRange)
  /// The connection is over; the last call, made exactly once, possibly from within a call to the connection.
  func connectionClosed(_ reason: CloseReason)
}

extension ConnectionHandler {
  package func outputDrained() {}
  /// Only who queues ranges of files is asked.
  package func fileNotCached(_ range: FileRange) {}
}

/// What a listener gives its connections at the start; a connection's own copy may be changed later.
package struct ConnectionLimits: Sendable {
  /// The largest frame, without its length. Before authentication the owner sets a small one.
  package var maxFrameBytes: Int
  /// How long nothing may move either way, in milliseconds (`connections.max.idle.ms`); nil for ever.
  package var idleMs: Int64?
  /// How long the peer may leave waiting replies untouched, in milliseconds.
  package var slowReaderMs: Int64

  package init(maxFrameBytes: Int, idleMs: Int64? = 600_000, slowReaderMs: Int64 = 30_000) {
    self.maxFrameBytes = maxFrameBytes
    self.idleMs = idleMs
    self.slowReaderMs = slowReaderMs
  }
}
