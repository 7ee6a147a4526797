package import KafkaWire
import Units

/// EndTxn 0-5. From version 5 on each end raises the epoch, so that nothing that comes late from one transaction can become
/// part of the next (KIP-890).
extension TransactionCoordinator {
  package mutating func endTransaction(
    _ request: EndTxnRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let id = request.transactionalId
    let code = end(request, bumps: caller.version >= 5, context, &effects)
    var response = EndTxnResponse(errorCode: code.forClient(caller, knowsFencingFrom: 2))
    if code == .none, let known = transactions[id] {
      response.producerId = known.producer.id
      response.producerEpoch = known.producer.epoch
    }
    effects.reply(to: waiter, response, sees: [.transaction(id)])
  }

  private mutating func end(
    _ request: EndTxnRequest, bumps: Bool, _ context: CoordinatorContext, _ effects: inout Effects
  ) -> ErrorCode {
    let id = request.transactionalId
    let producer = ProducerIdentity(id: request.producerId, epoch: request.producerEpoch)
    guard !id.isEmpty else { return .invalidRequest }
    guard let known = transactions[id] else { return .invalidProducerIdMapping }
    let isEnded = known.state == .completeCommit || known.state == .completeAbort
    if isEnded, known.version >= 2, known.isPrevious(producer) {
      // The reply of an end was lost.
      return (known.state == .completeCommit) == request.committed ? .none : .invalidTxnState
    }
    if let refusal = refusal(id, producer) { return refusal }
    if known.state == .ongoing {
      return finish(id, known, commits: request.committed, bumps: bumps, context, &effects)
    }
    if isEnded, known.version < 2 {
      return (known.state == .completeCommit) == request.committed ? .none : .invalidTxnState
    }
    return endNothing(id, known, commits: request.committed, bumps: bumps, context, &effects)
  }

  private mutating func finish(
    _ id: String, _ known: Transaction, commits: Bool, bumps: Bool, _ context: CoordinatorContext,
    _ effects: inout Effects
  ) -> ErrorCode {
    var ended = known
    guard bumps else {
      ended.version = 1
      end(
        id, ended, commits: commits, as: known.producer, markers: known.producer, isBumped: false, context, &effects)
      return .none
    }
    guard let (markers, next) = raised(known, context) else { return .coordinatorNotAvailable }
    ended.version = 2
    ended.previousProducerID = known.producer.id
    end(id, ended, commits: commits, as: next, markers: markers, isBumped: true, context, &effects)
    return .none
  }

  /// No transaction is open. To abort what was not begun raises the epoch in the second generation; to commit it is an
  /// error there. In the first it is a success that changes nothing.
  private mutating func endNothing(
    _ id: String, _ known: Transaction, commits: Bool, bumps: Bool, _ context: CoordinatorContext,
    _ effects: inout Effects
  ) -> ErrorCode {
    guard bumps else { return known.version < 2 || !commits ? .none : .invalidTxnState }
    guard !commits else { return .invalidTxnState }
    guard let (_, next) = raised(known, context) else { return .coordinatorNotAvailable }
    var ended = known
    ended.producer = next
    ended.previousProducerID = known.producer.id
    ended.version = 2
    ended.state = .completeAbort
    ended.updated = context.wall
    effects.writes.append(decide(id, ended))
    return .none
  }

  /// The identity that markers carry, and the one that the producer goes on with: the same, until epochs are exhausted.
  private func raised(
    _ known: Transaction, _ context: CoordinatorContext
  ) -> (markers: ProducerIdentity, next: ProducerIdentity)? {
    let (epoch, overflow) = known.producer.epoch.addingReportingOverflow(1)
    let markers = ProducerIdentity(id: known.producer.id, epoch: overflow ? .max : epoch)
    #if PLANTED_BUGS
      if PlantedSwitch.keepsEpochAtEnd { return (markers, known.producer) }
    #endif
    guard known.isExhausted else { return (markers, markers) }
    guard let fresh = context.freshProducerID() else { return nil }
    return (markers, ProducerIdentity(id: fresh, epoch: 0))
  }
}
