package import Units

/// What the transaction coordinator goes by, under the names of Kafka's settings.
package struct TransactionCoordinatorSettings: Equatable, Sendable {
  /// `transaction.max.timeout.ms`.
  package var maxTimeoutMs: Int32 = 900_000
  /// `transactional.id.expiration.ms`.
  package var idExpirationMs: Int64 = 604_800_000
  /// `transaction.two.phase.commit.enable`.
  package var isTwoPhaseCommitAllowed = false
  /// `transaction.partition.verification.enable`.
  package var isPartitionVerified = true

  package init() {}
}

/// The owner of all transactional ids: who holds each, under which epoch, and what is in its open transaction (KIP-98,
/// KIP-360, KIP-890). A pure machine: `replay` is the only thing that changes what is durable.
///
/// Differences from Apache Kafka, all of them where it loses its way: a producer that fences itself may repeat its
/// request; an epoch at its end never keeps a transaction from ending; a client of the first generation that ends a
/// transaction in which nothing was begun is told of success.
package struct TransactionCoordinator: Sendable {
  /// Transactional ids that are remembered; more wait until some have expired.
  package static let maximumIDs = 500_000
  /// Partitions of one transaction: with more, its end would not fit into a unit of the journal.
  package static let maximumPartitions = 20_000
  /// Ids that expire in one call.
  static let expiredAtOnce = 1_000
  /// Where none could be forgotten, the next search waits for so long.
  private static let pauseMs: Int64 = 10_000

  package var settings: TransactionCoordinatorSettings
  /// How many bytes of memory transactions may take, about. Given by whoever divides the memory; replay goes beyond it.
  package var limitBytes = Int.max
  package private(set) var transactions: [String: Transaction] = [:]
  /// About how many they take.
  package private(set) var heldBytes = 0
  /// When it is of use to look again for ids that may be forgotten.
  private var lookAgainAt = Timestamp.none
  /// Producers fenced since the start of the process.
  package internal(set) var fencings: [Fencing: UInt64] = [:]

  /// Why a producer lost its transactional id.
  package enum Fencing: String, CaseIterable, Sendable {
    /// Its transaction was open for too long.
    case timedOut = "transaction-timeout"
    /// Another instance, or the same program after a restart, asked for the id.
    case replaced
  }

  package init(settings: TransactionCoordinatorSettings = TransactionCoordinatorSettings()) {
    self.settings = settings
  }

  // MARK: Records

  /// Takes in a record of `__transaction_state`. False where it is of no layout known here.
  @discardableResult
  package mutating func replay(_ record: CoordinatorRecord) -> Bool {
    guard let (id, transaction) = Transaction.parse(record) else { return false }
    heldBytes += transaction?.bytes(id) ?? 0
    heldBytes -= transactions[id]?.bytes(id) ?? 0
    transactions[id] = transaction
    return true
  }

  /// What `heldBytes` must be, counted anew.
  package var recountedBytes: Int { transactions.reduce(0) { $0 + $1.value.bytes($1.key) } }

  /// Whether `transaction` may take the place of what `id` is. New ids leave a fifth of the limit to those there are.
  func admits(_ transaction: Transaction, of id: String) -> Bool {
    let before = transactions[id]?.bytes(id)
    let more = transaction.bytes(id) - (before ?? 0)
    return more <= 0 || more <= limitBytes - (before == nil ? limitBytes / 5 : 0) - heldBytes
  }

  func hasRoom(for transaction: Transaction, of id: String) -> Bool {
    transactions.count < Self.maximumIDs && admits(transaction, of: id)
  }

  /// Where there is no room for a new id, forgets those that were idle for longest, if that is longer than any transaction
  /// may last: programs that take a new id each time leave more of them behind than can be remembered for a week.
  mutating func makeRoom(
    for transaction: Transaction, of id: String, _ context: CoordinatorContext, _ effects: inout Effects
  ) {
    guard !hasRoom(for: transaction, of: id), context.wall >= lookAgainAt else { return }
    let limit = context.wall.advanced(byMs: -Int64(max(settings.maxTimeoutMs, 1)))
    let idle = transactions.filter { $0.value.state != .ongoing && $0.value.updated <= limit }
      .sorted { ($0.value.updated, $0.key) < ($1.value.updated, $1.key) }
    if idle.isEmpty { lookAgainAt = context.wall.advanced(byMs: Self.pauseMs) }
    // Some at a time: a search looks at all of them.
    forget(idle.prefix(min(idle.count / 8 + 1, Self.expiredAtOnce)).map(\.key), &effects)
  }

  private mutating func forget(_ ids: [String], _ effects: inout Effects) {
    for id in ids {
      let record = Transaction.tombstone(of: id)
      replay(record)
      effects.writes.append(Self.write(record, id: id))
    }
  }

  /// Forgets the ids that `isUnknown` names: not all of their records could be read.
  package mutating func forget(where isUnknown: (_ id: String) -> Bool) {
    transactions = transactions.filter { !isUnknown($0.key) }
    heldBytes = recountedBytes
  }

  /// The shortest list of records whose replay gives this state.
  package func snapshot() -> [CoordinatorWrite] {
    transactions.sorted { $0.key < $1.key }.map { Self.write($0.value.record(of: $0.key), id: $0.key) }
  }

  /// After a restart: transactions that were open go on, and time out when they would have.
  package func loaded(_ context: CoordinatorContext, into effects: inout Effects) {
    for (id, transaction) in transactions.sorted(by: { $0.key < $1.key }) where transaction.state == .ongoing {
      arm(id, transaction, context, &effects)
    }
  }

  static func write(_ record: CoordinatorRecord, id: String) -> CoordinatorWrite {
    CoordinatorWrite(topic: .transactionState, owner: id, records: [record], marks: [.transaction(id)])
  }

  /// Decides what `id` is from now on.
  mutating func decide(_ id: String, _ transaction: Transaction) -> CoordinatorWrite {
    let record = transaction.record(of: id)
    replay(record)
    return Self.write(record, id: id)
  }

  // MARK: Time

  /// Call it for `.transaction`, and for `.expiry`, which groups arm.
  package mutating func timerFired(
    _ timer: CoordinatorTimer, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    switch timer {
    case .transaction(let id):
      if abort(id, context, into: &effects) { fencings[.timedOut, default: 0] += 1 }
    case .expiry: expire(context, &effects)
    default: break
    }
  }

  /// Aborts the transaction that `id` has open and fences its producer: it took too long, or an operator says so. False
  /// where none is open.
  @discardableResult
  package mutating func abort(
    _ id: String, _ context: CoordinatorContext, into effects: inout Effects
  ) -> Bool {
    guard let transaction = transactions[id], transaction.state == .ongoing else { return false }
    fence(id, transaction, mayRepeat: false, context, &effects)
    return true
  }

  func arm(
    _ id: String, _ transaction: Transaction, _ context: CoordinatorContext, _ effects: inout Effects
  ) {
    guard transaction.timeoutMs < .max else { return }
    let (passed, overflow) = context.wall.milliseconds.subtractingReportingOverflow(transaction.started.milliseconds)
    let left = overflow ? 0 : Int64(transaction.timeoutMs) - min(max(passed, 0), Int64(transaction.timeoutMs))
    effects.arm(.transaction(id), at: context.now.advanced(byMs: left))
  }

  private mutating func expire(_ context: CoordinatorContext, _ effects: inout Effects) {
    let (limit, overflow) = context.wall.milliseconds.subtractingReportingOverflow(settings.idExpirationMs)
    guard !overflow else { return }
    let due = transactions.filter { $0.value.state != .ongoing && $0.value.updated.milliseconds <= limit }
    forget(Array(due.keys.sorted().prefix(Self.expiredAtOnce)), &effects)
  }

  // MARK: Ends

  /// Ends the open transaction of `id` under `producer`; its partitions get markers of `markers`.
  mutating func end(
    _ id: String, _ ended: Transaction, commits: Bool, as next: ProducerIdentity, markers: ProducerIdentity,
    isBumped: Bool, _ context: CoordinatorContext, _ effects: inout Effects
  ) {
    var transaction = ended
    transaction.producer = next
    transaction.state = commits ? .completeCommit : .completeAbort
    transaction.partitions = [:]
    transaction.updated = context.wall
    let offsets = InternalTopic.consumerOffsets.rawValue
    let write = decide(id, transaction)
    effects.ends.append(
      TransactionEnd(
        transactionalID: id, producer: markers, isBumped: isBumped, committed: commits,
        partitions: ended.sortedPartitions.filter { $0.topic != offsets },
        offsetShards: (ended.partitions[offsets] ?? []).sorted(), write: write))
    effects.cancel(.transaction(id))
  }

  /// Aborts an open transaction under a raised epoch. `mayRepeat` says that its own producer asked for it, and may take
  /// that epoch over.
  mutating func fence(
    _ id: String, _ transaction: Transaction, mayRepeat: Bool, _ context: CoordinatorContext,
    _ effects: inout Effects
  ) {
    var fenced = transaction
    fenced.previousProducerID = mayRepeat ? transaction.producer.id : -1
    fenced.version = 0  // what the fenced producer repeats is no retry
    let (epoch, overflow) = transaction.producer.epoch.addingReportingOverflow(1)
    let next = ProducerIdentity(id: transaction.producer.id, epoch: overflow ? .max : epoch)
    end(
      id, fenced, commits: false, as: next, markers: next, isBumped: !overflow, context, &effects)
  }
}

extension TransactionCoordinator {
  /// The partitions of all open transactions.
  package var openPartitions: [TransactionPartitions] {
    transactions.values.filter { $0.state == .ongoing }.flatMap(\.sortedPartitions)
  }
}

/// For the metrics.
extension TransactionCoordinator {
  /// Transactional ids by state.
  package var counts: [Transaction.State: Int] {
    Dictionary(grouping: transactions.values, by: \.state).mapValues(\.count)
  }

  /// When the transaction that is open longest began.
  package var oldestOpen: Timestamp? {
    transactions.values.lazy.filter { $0.state == .ongoing }.map(\.started).min()
  }
}
