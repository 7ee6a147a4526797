package import KafkaWire
import Units

/// InitProducerId 0-5 of a transactional id (KIP-98, KIP-360, KIP-890, KIP-939 as far as it is refused).
extension TransactionCoordinator {
  private enum Identity {
    case success(ProducerIdentity)
    case failure(ErrorCode)
  }

  /// Requests without a transactional id never come here.
  package mutating func initProducerID(
    _ request: InitProducerIdRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var response = InitProducerIdResponse(producerId: -1, producerEpoch: -1)
    let id = request.transactionalId ?? ""
    switch identity(request, id, context, &effects) {
    case .success(let producer):
      response.producerId = producer.id
      response.producerEpoch = producer.epoch
    case .failure(.producerFenced) where caller.version < 4:
      response.errorCode = ErrorCode.invalidProducerEpoch.rawValue
    case .failure(let code):
      response.errorCode = code.rawValue
    }
    effects.reply(to: waiter, response, sees: [.transaction(id)])
  }

  private mutating func identity(
    _ request: InitProducerIdRequest, _ id: String, _ context: CoordinatorContext, _ effects: inout Effects
  ) -> Identity {
    guard !id.isEmpty, (request.producerId == -1) == (request.producerEpoch == -1) else {
      return .failure(.invalidRequest)
    }
    guard !request.enable2Pc || settings.isTwoPhaseCommitAllowed else {
      return .failure(.transactionalIdAuthorizationFailed)
    }
    guard !request.keepPreparedTxn else { return .failure(.unsupportedVersion) }
    guard request.enable2Pc || 1...max(settings.maxTimeoutMs, 1) ~= request.transactionTimeoutMs else {
      return .failure(.invalidTransactionTimeout)
    }
    let timeoutMs = request.enable2Pc ? .max : request.transactionTimeoutMs
    let expected =
      request.producerId == -1 ? nil : ProducerIdentity(id: request.producerId, epoch: request.producerEpoch)
    guard let known = transactions[id] else {
      let empty = Transaction(
        producer: ProducerIdentity(id: 0, epoch: 0), timeoutMs: timeoutMs, updated: context.wall)
      makeRoom(for: empty, of: id, context, &effects)
      guard hasRoom(for: empty, of: id), let fresh = context.freshProducerID() else {
        return .failure(.coordinatorNotAvailable)
      }
      return .success(
        begin(id, ProducerIdentity(id: fresh, epoch: 0), previous: -1, timeoutMs, context, &effects))
    }
    if let expected, expected.id != known.producer.id, !known.isPrevious(expected) {
      return .failure(.producerFenced)
    }
    if known.state == .ongoing { return .failure(interrupt(id, known, expected, context, &effects)) }
    return next(id, known, expected, timeoutMs, context, &effects)
  }

  /// A transaction is open: it is aborted, and the request comes again. Its own producer may do so, and whoever names none.
  private mutating func interrupt(
    _ id: String, _ known: Transaction, _ expected: ProducerIdentity?, _ context: CoordinatorContext,
    _ effects: inout Effects
  ) -> ErrorCode {
    if let expected, expected != known.producer { return .producerFenced }
    fence(id, known, mayRepeat: expected != nil, context, &effects)
    return .concurrentTransactions
  }

  /// The identity that follows: the next epoch, or a new id where there is none.
  private mutating func next(
    _ id: String, _ known: Transaction, _ expected: ProducerIdentity?, _ timeoutMs: Int32,
    _ context: CoordinatorContext, _ effects: inout Effects
  ) -> Identity {
    let isRepeated = expected.map(known.isPrevious) ?? false
    let isCurrent = expected.map { $0 == known.producer } ?? true
    guard isCurrent || isRepeated else { return .failure(.producerFenced) }
    if isRepeated, known.producer.epoch <= Transaction.lastEpoch {
      return .success(begin(id, known.producer, previous: known.previousProducerID, timeoutMs, context, &effects))
    }
    #if PLANTED_BUGS
      if PlantedSwitch.keepsEpochAtBegin {
        return .success(begin(id, known.producer, previous: -1, timeoutMs, context, &effects))
      }
    #endif
    let previous = expected == nil ? -1 : known.producer.id
    if expected == nil { fencings[.replaced, default: 0] += 1 }
    guard known.isExhausted else {
      let raised = ProducerIdentity(id: known.producer.id, epoch: known.producer.epoch + 1)
      return .success(begin(id, raised, previous: previous, timeoutMs, context, &effects))
    }
    guard let fresh = context.freshProducerID() else { return .failure(.coordinatorNotAvailable) }
    return .success(
      begin(id, ProducerIdentity(id: fresh, epoch: 0), previous: previous, timeoutMs, context, &effects))
  }

  private mutating func begin(
    _ id: String, _ producer: ProducerIdentity, previous: Int64, _ timeoutMs: Int32, _ context: CoordinatorContext,
    _ effects: inout Effects
  ) -> ProducerIdentity {
    var transaction = Transaction(producer: producer, timeoutMs: timeoutMs, updated: context.wall)
    transaction.previousProducerID = previous
    effects.writes.append(decide(id, transaction))
    return producer
  }
}
