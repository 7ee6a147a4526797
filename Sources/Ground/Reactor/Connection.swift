import ByteCodec
import CLinux
import Glibc
import Units

/// An accepted socket: frames in, replies out, both under the owner's control. Loop thread only.
///
/// Reading is in `Connection+Reading.swift`, writing in `Connection+Writing.swift`, time limits in
/// `Connection+Deadlines.swift`.
package final class Connection: @unchecked Sendable {
  package let loop: EventLoop
  /// The address the peer came by.
  package let local: SocketAddress
  package let peer: SocketAddress
  package var limits: ConnectionLimits {
    didSet { armDeadline() }
  }
  /// Why it ended; nil while it is open.
  package private(set) var closeReason: CloseReason?
  package var isOpen: Bool { closeReason == nil }

  var handler: (any ConnectionHandler)?
  package let descriptor: Int32
  var assembler = FrameAssembler()
  /// Bytes that were read before reading was paused, still to be cut into frames.
  var carry: ByteSlice?
  /// While a frame is announced to the handler: how many bytes of it, or of what follows, have come with it.
  package var announcedBytesHere = 0
  var isPaused = false
  /// The handler answered `.wait`.
  var isWaiting = false
  var pausedAt = Instant.distantFuture

  var output = OutputQueue()
  /// The socket takes no more; the system will say when it does.
  var isBlocked = false
  var isFlushQueued = false
  /// Bytes of a file that the handler was asked for: nothing is written until it has supplied them.
  var awaitedFileBytes = 0
  var isContinuationQueued = false
  var closingReason: CloseReason?

  var lastActivity: Instant
  var bodyStarted = Instant.distantFuture
  var blockedSince = Instant.distantFuture
  var timer: TimerID?
  var timerDeadline = Instant.distantFuture

  private var id: SourceID?
  private var interest = Poller.readable
  private let onClose: @Sendable () -> Void

  /// Takes over `descriptor`, a connected non-blocking socket, and closes it in the end; `onClose` runs then.
  /// `start` makes it live.
  package init(
    loop: EventLoop, descriptor: Int32, local: SocketAddress, peer: SocketAddress, limits: ConnectionLimits,
    onClose: @escaping @Sendable () -> Void
  ) {
    self.loop = loop
    self.descriptor = descriptor
    self.local = local
    self.peer = peer
    self.limits = limits
    self.onClose = onClose
    lastActivity = loop.now
  }

  deinit { assert(!isOpen, "a connection was dropped without being closed") }

  /// Begins to read for `handler`.
  package func start(_ handler: any ConnectionHandler) {
    // Its maker may have thought better of it.
    if let closeReason { return handler.connectionClosed(closeReason) }
    self.handler = handler
    do throws(SystemError) {
      id = try loop.poller.add(descriptor, interest: interest, self)
      armDeadline()
    } catch {
      close(.readFailed(error.code))
    }
  }

  /// Ends the connection now; replies that wait are dropped. Closing twice is harmless.
  package func close(_ reason: CloseReason) {
    assert(loop.isOnLoopThread)
    guard isOpen else { return }
    closeReason = reason
    if let id { loop.poller.remove(descriptor, id) }
    if let timer { loop.cancel(timer) }
    _ = Glibc.close(descriptor)
    output.removeAll()
    carry = nil
    assembler = FrameAssembler()
    onClose()
    let last = handler
    handler = nil
    last?.connectionClosed(reason)
  }

  /// Reads no more, writes what waits, then closes.
  package func closeAfterFlush(_ reason: CloseReason) {
    assert(loop.isOnLoopThread)
    guard isOpen, closingReason == nil else { return }
    closingReason = reason
    pauseReading()
    queueFlush()
  }

  /// Whether bytes may be read now.
  var mayRead: Bool { !isPaused && !isWaiting && carry == nil }

  /// Tells the system what this connection waits for, when that has changed; nil leaves reading as it is.
  func updateInterest(reading: Bool? = nil) {
    guard isOpen, let id else { return }
    let read = reading.map { $0 ? Poller.readable : 0 } ?? (interest & Poller.readable)
    let wanted = read | (isBlocked ? Poller.writable : 0)
    guard wanted != interest else { return }
    interest = wanted
    loop.poller.modify(descriptor, interest: wanted, id)
  }

  /// Asks for a call to `goOn` in the next turn.
  func queueContinuation() {
    guard isOpen, !isContinuationQueued else { return }
    isContinuationQueued = true
    loop.toContinue.append(self)
  }

  /// The next turn after `queueContinuation`.
  func goOn() {
    isContinuationQueued = false
    guard isOpen else { return }
    continueReading()
  }
}

extension Connection: EventSource {
  func ready(_ events: UInt32) {
    if events & Poller.writable != 0, isBlocked {
      isBlocked = false
      queueFlush()
    }
    if mayRead {
      if events & (Poller.readable | Poller.broken) != 0 { readReady() }
    } else if events & Poller.broken != 0 {
      close(pendingError())
    } else if events & Poller.readable != 0, isPaused || isWaiting {
      // Asked only when bytes come while nobody reads: short pauses cost no system call.
      updateInterest(reading: false)
    }
  }

  func loopStopped() { close(.loopStopped) }

  private func pendingError() -> CloseReason {
    var code: Int32 = 0
    var size = socklen_t(4)
    _ = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
    return code == 0 ? .peerClosed : CloseReason(reading: code)
  }
}
