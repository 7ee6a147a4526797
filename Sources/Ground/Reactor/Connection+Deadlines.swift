import Units

/// One timer per connection stands for all its time limits. It is moved only when a limit comes nearer; when it fires
/// early, it is set again. So frames and replies cost no timer work.
extension Connection {
  /// Sees to it that the timer fires no later than the next deadline.
  func armDeadline() {
    guard isOpen else { return }
    let (deadline, _) = nextDeadline()
    guard deadline < timerDeadline else { return }
    if let timer { loop.cancel(timer) }
    timerDeadline = deadline
    timer = loop.schedule(at: deadline) { [self] in deadlineReached() }
  }

  private func deadlineReached() {
    timer = nil
    timerDeadline = .distantFuture
    let (deadline, reason) = nextDeadline()
    if deadline <= loop.now { close(reason) } else { armDeadline() }
  }

  /// The first moment at which this connection would be closed if nothing more happened, and why.
  private func nextDeadline() -> (Instant, CloseReason) {
    var next = (Instant.distantFuture, CloseReason.idle)
    if let idleMs = limits.idleMs { next.0 = lastActivity.advanced(byMs: idleMs) }
    if blockedSince != .distantFuture {
      let deadline = blockedSince.advanced(byMs: limits.slowReaderMs)
      if deadline < next.0 { next = (deadline, .slowReader) }
    }
    if bodyStarted != .distantFuture, !isPaused, !isWaiting {
      let earned = Int64(assembler.filled) * 1000 / ReactorLimits.bodyBytesPerSecond
      let deadline = bodyStarted.advanced(byMs: ReactorLimits.bodyGraceMs + earned)
      if deadline < next.0 { next = (deadline, .slowBody) }
    }
    return next
  }
}
