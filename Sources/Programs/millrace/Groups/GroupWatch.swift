import KafkaClient
import KafkaWire
import Machine
import Units

/// Looks at a group for a while.
struct GroupWatch {
  private let client: KafkaClient
  private let group: String
  /// Between two looks at the members: a rebalance takes longer.
  private static let pauseMs: Int64 = 250

  init(_ client: KafkaClient, group: String) {
    self.client = client
    self.group = group
  }

  /// What is seen in `spanMs` milliseconds.
  func observe(spanMs: Int64) throws(ClientError) -> GroupObservation {
    let clock = client.options.clock
    let start = clock.now()
    var views = [try view()]
    let before = try client.lag(of: group, views[0], withAges: false)
    let measured = clock.now()
    let deadline = start.advanced(byMs: spanMs)
    while clock.now() < deadline {
      try client.pause(min(Self.pauseMs, clock.now().milliseconds(until: deadline)))
      views.append(try view())
    }
    let after = try client.lag(of: group, views.last ?? nil, withAges: false)
    return GroupObservation(
      group: group, views: views, before: before, after: after, spanMs: measured.milliseconds(until: clock.now()),
      transactions: try transactions(after), rebalance: try client.lastRebalance(of: group))
  }

  private func view() throws(ClientError) -> GroupView? {
    do throws(ClientError) { return try client.group(group) } catch {
      guard error.code == .groupIdNotFound else { throw error }
      return nil
    }
  }

  /// The open transactions that stand before what is unread.
  private func transactions(_ lags: [PartitionLag]) throws(ClientError) -> [GroupObservation.OpenTransaction] {
    var found: [GroupObservation.OpenTransaction] = []
    let now = client.options.clock.wallClock().milliseconds
    for lag in lags where lag.records > 0 && lag.stableEnd < lag.end {
      for producer in try client.producers(at: lag.place) where producer.transactionStart != nil {
        let listed = try client.transactions(producerIDs: [producer.id]).first
        let view: TransactionView? = if let listed { try client.transaction(listed.id) } else { nil }
        found.append(
          .init(
            place: lag.place, producerID: producer.id, transactionalID: listed?.id,
            openMs: view?.startMs.map { max(now - $0, 0) }))
      }
    }
    return found
  }
}
