package import KafkaWire
import Units

/// ListTransactions 0-2 and DescribeTransactions 0.
extension TransactionCoordinator {
  /// Names that clients may ask for although no transaction here is ever seen in them.
  private static let passingStates: Set<String> = ["PrepareCommit", "PrepareAbort", "Dead", "PrepareEpochFence"]

  /// `matching` is the request's pattern, ready for use; nil where the pattern cannot be read.
  package func listTransactions(
    _ request: ListTransactionsRequest, from caller: Caller, waiter: Waiter, matching: ((String) -> Bool)?,
    _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var response = ListTransactionsResponse()
    let pattern = request.transactionalIdPattern ?? ""
    guard pattern.isEmpty || matching != nil else {
      response.errorCode = ErrorCode.invalidRegularExpression.rawValue
      return effects.reply(to: waiter, response)
    }
    let known = Self.passingStates.union(Transaction.State.allCases.map(\.name))
    response.unknownStateFilters = request.stateFilters.filter { !known.contains($0) }
    let states = Set(request.stateFilters)
    let producers = Set(request.producerIdFilters)
    for (id, transaction) in transactions.sorted(by: { $0.key < $1.key }) {
      guard states.isEmpty || states.contains(transaction.state.name),
        producers.isEmpty || producers.contains(transaction.producer.id),
        request.durationFilter < 0 || transaction.age(context.wall) > request.durationFilter,
        pattern.isEmpty || matching?(id) ?? false
      else { continue }
      response.transactionStates.append(
        .init(
          transactionalId: id, producerId: transaction.producer.id, transactionState: transaction.state.name))
    }
    effects.reply(to: waiter, response, sees: transactions.keys.map { .transaction($0) })
  }

  package func describeTransactions(
    _ request: DescribeTransactionsRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let states = request.transactionalIds.map { id -> DescribeTransactionsResponse.TransactionState in
      var state = DescribeTransactionsResponse.TransactionState(transactionalId: id)
      guard !id.isEmpty else {
        state.errorCode = ErrorCode.invalidRequest.rawValue
        return state
      }
      guard let transaction = transactions[id] else {
        state.errorCode = ErrorCode.transactionalIdNotFound.rawValue
        return state
      }
      state.producerId = transaction.producer.id
      state.producerEpoch = transaction.producer.epoch
      state.transactionState = transaction.state.name
      state.transactionTimeoutMs = transaction.timeoutMs
      state.transactionStartTimeMs = context.shown(transaction.started).milliseconds
      state.topics = transaction.sortedPartitions.map { .init(topic: $0.topic, partitions: $0.indexes) }
      return state
    }
    effects.reply(
      to: waiter, DescribeTransactionsResponse(transactionStates: states),
      sees: request.transactionalIds.map { .transaction($0) })
  }
}

extension Transaction {
  /// Milliseconds since the last transaction began.
  fileprivate func age(_ now: Timestamp) -> Int64 {
    let (passed, overflow) = now.milliseconds.subtractingReportingOverflow(started.milliseconds)
    return overflow ? .max : passed
  }
}
