import ByteCodec
import Glibc
import Units

extension Connection {
  /// Delivers no frame and reads no byte until `resumeReading`. A body on its way stops too; its clock stands.
  package func pauseReading() {
    assert(loop.isOnLoopThread)
    guard isOpen, !isPaused else { return }
    if !isWaiting { pausedAt = loop.now }
    isPaused = true
  }

  /// Goes on after `pauseReading` or after the verdict `.wait`, in the next turn.
  package func resumeReading() {
    assert(loop.isOnLoopThread)
    guard isOpen, closingReason == nil, isPaused || isWaiting else { return }
    (isPaused, isWaiting) = (false, false)
    if bodyStarted != .distantFuture { bodyStarted.nanoseconds += loop.now.nanoseconds - pausedAt.nanoseconds }
    queueContinuation()
  }

  /// Bytes of the body on its way that are here; 0 between frames.
  package var bodyBytesArrived: Int { assembler.isInBody ? assembler.filled : 0 }

  /// What a pause or a full turn left over.
  func continueReading() {
    guard !isPaused, !isWaiting else { return }
    let rest = carry ?? .empty
    carry = nil
    let used = rest.withUnsafeBytes { takeFrames($0) }
    guard isOpen else { return }
    if used < rest.count { carry = rest.dropping(used) }
    if carry != nil {
      if !isPaused, !isWaiting { queueContinuation() }
    } else if mayRead {
      updateInterest(reading: true)
      armDeadline()
    }
  }

  /// Reads until the socket has no more, the turn's share is used up, or the handler has had enough.
  func readReady() {
    readShare()
    if assembler.isInBody { armDeadline() }
  }

  private func readShare() {
    var budget = ReactorLimits.readBytesPerTurn
    while budget > 0, isOpen, mayRead {
      let (wanted, direct, got) = readOnce(budget)
      if got < 0 {
        switch errno {
        case EINTR: continue
        case EAGAIN: return
        case let code: return close(CloseReason(reading: code))
        }
      }
      guard got > 0 else { return close(.peerClosed) }
      lastActivity = loop.now
      budget -= got
      let intoBody = min(got, direct)
      if intoBody > 0, let frame = assembler.advance(by: intoBody) { deliver(frame) }
      takeScratch(got - intoBody)
      if got < wanted { return }
    }
  }

  /// One system call: the rest of a body goes straight into its block, what follows into the loop's scratch memory.
  private func readOnce(_ budget: Int) -> (wanted: Int, direct: Int, got: Int) {
    let scratch = loop.scratch
    guard let space = assembler.space, space.count > 0 else {
      return (scratch.capacity, 0, read(descriptor, scratch.base, scratch.capacity))
    }
    guard space.count < budget else { return (budget, budget, read(descriptor, space.baseAddress, budget)) }
    loop.parts[0] = iovec(iov_base: space.baseAddress, iov_len: space.count)
    loop.parts[1] = iovec(iov_base: scratch.base, iov_len: scratch.capacity)
    return (space.count + scratch.capacity, space.count, readv(descriptor, loop.parts, 2))
  }

  private func takeScratch(_ count: Int) {
    guard isOpen, count > 0 else { return }
    let bytes = UnsafeRawBufferPointer(start: loop.scratch.base, count: count)
    let used = takeFrames(bytes)
    guard isOpen, used < count, let start = bytes.baseAddress else { return }
    let rest = ByteBlock(capacity: count - used)
    rest.base.copyMemory(from: start + used, byteCount: count - used)
    carry = rest.slice(count: count - used)
    if !isPaused, !isWaiting { queueContinuation() }
  }

  /// Cuts `bytes` into frames and delivers them; answers how many bytes were used.
  private func takeFrames(_ bytes: UnsafeRawBufferPointer) -> Int {
    var rest = bytes
    var frames = 0
    while isOpen, !isPaused, !isWaiting, frames < ReactorLimits.framesPerTurn {
      switch assembler.next(&rest) {
      case .needMore: return bytes.count
      case .announced(let length):
        announcedBytesHere = rest.count
        decide(length)
      case .frame(let frame):
        frames += 1
        deliver(frame)
      }
    }
    return bytes.count - rest.count
  }

  private func decide(_ announced: Int32) {
    let length = Int(announced)
    guard length >= 0 else { return close(.negativeLength(announced)) }
    guard length <= limits.maxFrameBytes else { return close(.frameTooLarge(length, limit: limits.maxFrameBytes)) }
    guard let handler else { return }
    switch handler.frameAnnounced(length: length) {
    case .accept:
      guard isOpen else { return }
      assembler.accept()
      bodyStarted = loop.now
    case .wait:
      if !isPaused { pausedAt = loop.now }
      isWaiting = isOpen
    case .close(let reason): close(reason)
    }
  }

  private func deliver(_ frame: ByteSlice) {
    bodyStarted = .distantFuture
    handler?.frameReceived(frame)
  }
}
