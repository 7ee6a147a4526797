package import ByteCodec
import CLinux
import Glibc
package import Machine
import Units

extension Connection {
  /// Bytes that wait in memory for the peer; the owner stops producing more at a limit of its own.
  package var queuedBytes: Int { output.queuedBytes }
  /// Bytes that wait in files for the peer.
  package var queuedFileBytes: Int { output.queuedFileBytes }

  /// Queues bytes exactly as given (a reply brings its own four bytes of length). They are written at the end of the
  /// turn, together with whatever else the turn brings. After the close they are dropped.
  package func send(_ parts: [ByteSlice]) {
    guard mayQueue else { return }
    for part in parts { output.append(.bytes(part)) }
    queueFlush()
  }

  /// Queues bytes and file ranges, in order.
  package func send(_ parts: [OutputPart]) {
    guard mayQueue else { return }
    for part in parts { output.append(part) }
    queueFlush()
  }

  private var mayQueue: Bool {
    assert(loop.isOnLoopThread)
    return isOpen && closingReason == nil
  }

  func queueFlush() {
    guard isOpen, !isFlushQueued, !isBlocked, awaitedFileBytes == 0 else { return }
    isFlushQueued = true
    loop.toFlush.append(self)
  }

  /// The end of a turn: writes what waits, until the socket is full or the turn's share is used up.
  func flush() {
    isFlushQueued = false
    guard isOpen, !isBlocked else { return }
    let hadOutput = !output.isEmpty
    var bytesLeft = ReactorLimits.writeBytesPerTurn
    var fileLeft = ReactorLimits.fileBytesPerTurn
    while isOpen, !isBlocked, awaitedFileBytes == 0, let first = output.first {
      switch first {
      case .bytes:
        guard bytesLeft > 0 else { return queueFlush() }
        bytesLeft -= writeBytes(limit: bytesLeft, mayFollowFile: fileLeft > 0)
      case .file(let range):
        guard fileLeft > 0 else { return queueFlush() }
        fileLeft -= writeFile(range, limit: fileLeft)
      }
    }
    updateInterest()
    guard isOpen, output.isEmpty else { return }
    if let closingReason { return closePolitely(closingReason) }
    if hadOutput { handler?.outputDrained() }
  }

  private func writeBytes(limit: Int, mayFollowFile: Bool) -> Int {
    let gathered = output.gather(loop.parts, limit: limit)
    var message = msghdr()
    message.msg_iov = loop.parts
    message.msg_iovlen = gathered.parts
    // What goes before a file waits for its first bytes, so that both share a packet.
    let more = gathered.isFileNext && mayFollowFile ? LINUX_MSG_MORE : 0
    let written = sendmsg(descriptor, &message, LINUX_MSG_NOSIGNAL | more)
    guard written >= 0 else {
      failed(CloseReason.init(writing:))
      return 0
    }
    wrote(written)
    // A short write says that the socket is full: no need to hear it again from the next one.
    if written < gathered.bytes { blocked() }
    return written
  }

  /// Sends from the page cache to the socket. What is not in the page cache (any more: the peer may have been slow) is
  /// fetched first, as bytes: the loop does not wait for the disk.
  private func writeFile(_ range: FileRange, limit: Int) -> Int {
    let some = range.prefix(limit)
    guard some.isCached else {
      fetch(range)
      return 0
    }
    guard let source = some.file.descriptor else {
      readFile(range)
      return 0
    }
    var position = off_t(some.position.value)
    let sent = sendfile(descriptor, source, &position, some.count)
    guard sent >= 0 else {
      failed { code in
        code == EPIPE || code == ECONNRESET ? .peerReset : .fileFailed(range.file.path, code)
      }
      return 0
    }
    guard sent > 0 else {
      close(.fileEnded(range.file.path))
      return 0
    }
    wrote(sent)
    if sent < some.count { blocked() }
    return sent
  }

  /// Takes bytes of a file that the system cannot send by itself.
  private func readFile(_ range: FileRange) {
    let some = range.prefix(ReactorLimits.fileReadBytes)
    do throws(DiskError) {
      guard let bytes = try some.readIfCached() else { return fetch(range) }
      take(bytes, of: some)
    } catch {
      close(.fileFailed(range.file.path, error.code))
    }
  }

  private func fetch(_ range: FileRange) {
    let some = range.prefix(ReactorLimits.fileReadBytes)
    awaitedFileBytes = some.count
    handler?.fileNotCached(some)
  }

  /// What the handler was asked for by `fileNotCached`, or why it cannot be had, which ends the connection: the length of
  /// what is being sent has left already.
  package func supply(_ result: Result<ByteSlice, DiskError>) {
    guard isOpen, awaitedFileBytes > 0, case .file(let range)? = output.first else { return }
    let some = range.prefix(awaitedFileBytes)
    awaitedFileBytes = 0
    switch result {
    case .success(let bytes):
      take(bytes, of: some)
      queueFlush()
    case .failure(let error): close(.fileFailed(some.file.path, error.code))
    }
  }

  private func take(_ bytes: ByteSlice, of range: FileRange) {
    guard bytes.count == range.count else { return close(.fileEnded(range.file.path)) }
    output.fill(bytes)
  }

  private func wrote(_ count: Int) {
    output.drop(count)
    lastActivity = loop.now
    blockedSince = .distantFuture
  }

  private func failed(_ reason: (Int32) -> CloseReason) {
    switch errno {
    case EINTR: return
    case EAGAIN: blocked()
    case let code: close(reason(code))
    }
  }

  private func blocked() {
    isBlocked = true
    if blockedSince == .distantFuture { blockedSince = loop.now }
    armDeadline()
  }

  /// Says goodbye and reads what the peer still sent: closing over unread bytes would send a reset, and a reset makes
  /// the peer forget the reply it has not read yet.
  private func closePolitely(_ reason: CloseReason) {
    shutdown(descriptor, Int32(SHUT_WR))
    var left = ReactorLimits.drainBytes
    while left > 0 {
      let got = read(descriptor, loop.scratch.base, loop.scratch.capacity)
      guard got > 0 else { break }
      left -= got
    }
    close(reason)
  }
}
