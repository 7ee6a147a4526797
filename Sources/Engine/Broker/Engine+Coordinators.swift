package import Coordination
import KafkaWire
import LogStore
import Machine
import Settings
package import Units

extension Engine {
  /// What loading the groups and transactions came to.
  package var coordinatorLoading: CoordinatorLoading { coordinators.loading }

  /// How many bytes of memory groups and transactions may make the coordinators take, about. Where more is there already,
  /// it stays; new groups, members, offsets and transactional ids wait.
  package func limitCoordinators(groupBytes: Int, transactionBytes: Int) {
    coordinators.groups.limitBytes = groupBytes
    coordinators.transactions.limitBytes = transactionBytes
  }

  /// The groups, to look at: for the metrics.
  package var groups: GroupCoordinator { coordinators.groups }

  /// The journal sequence of the last change of `marks`: what a reply that shows them waits for.
  package func lastChange(of marks: [CoordinatorMark]) -> JournalSequence { coordinators.marks.lastChange(of: marks) }

  /// The wall-clock time that coordinators go by, as of their last call.
  package var coordinatorWall: Timestamp { coordinators.wall }

  /// Whether coordinators may decide something now: what they decide cannot be taken back, so room is asked for before.
  package var coordinatorsHaveRoom: Bool {
    store.failure == nil && shutDown == nil && !store.isFull && store.admitsSmall
  }

  /// Has the machine of groups serve a request. `owners` are the groups it is about, none for all; `decides` says
  /// whether records may come of it; `seesTopics` whether the reply may show which topics there are.
  package func callGroups(
    of owners: [String], decides: Bool, seesTopics: Bool, reply: @escaping CoordinatorReply,
    _ body: (inout GroupCoordinator, Waiter, CoordinatorContext, inout Effects) -> Void
  ) -> CoordinatorCallOutcome {
    guard !decides || coordinatorsHaveRoom, canServe(owners, of: .consumerOffsets) else { return .refused }
    let waiter = newWaiter(seesTopics: seesTopics, reply: reply)
    runGroups { groups, context, effects in body(&groups, waiter, context, &effects) }
    return coordinators.waiting[waiter] == nil ? .answered : .waits(waiter)
  }

  func newWaiter(seesTopics: Bool, reply: @escaping CoordinatorReply) -> Waiter {
    let waiter = Waiter(coordinators.nextWaiter)
    coordinators.nextWaiter += 1
    coordinators.waiting[waiter] = CoordinatorState.Waiting(seesTopics: seesTopics, reply: reply)
    return waiter
  }

  /// Nobody waits for this reply any more.
  package func callerGone(_ waiter: Waiter) {
    guard coordinators.waiting.removeValue(forKey: waiter) != nil else { return }
    runGroups { groups, context, effects in groups.waiterGone(waiter, context, into: &effects) }
  }

  /// Requests that wait for a reply of a coordinator, for the metrics.
  package var parkedCalls: Int { coordinators.waiting.count }

  /// Runs `body` on the machine of groups, then does what it decided.
  func runGroups(_ body: (inout GroupCoordinator, CoordinatorContext, inout Effects) -> Void) {
    var effects = Effects()
    let context = coordinatorContext()
    body(&coordinators.groups, context, &effects)
    perform(effects)
  }

  func coordinatorContext() -> CoordinatorContext {
    let reading = store.trustedNow()
    coordinators.wall = max(coordinators.wall, reading.steady)
    let entropy = entropy
    return CoordinatorContext(
      now: clock.now(), wall: coordinators.wall, clock: reading.time, topics: CatalogueTopics(catalogue: catalogue),
      freshID: { entropy.uniqueID() }, freshProducerID: { [unowned self] in takeProducerID().value })
  }

  /// Records first, then timers, then replies: a reply can make its receiver ask again at once, and that must find
  /// everything done.
  func perform(_ effects: Effects) {
    for write in effects.writes {
      let sequence = store(write)
      for mark in write.marks { coordinators.marks.changed(mark, at: sequence) }
    }
    for end in effects.ends { store(end) }
    for (timer, due) in effects.timers {
      if let due { coordinators.timers.arm(timer, at: due) } else { coordinators.timers.cancel(timer) }
    }
    for work in effects.patternWork { coordinators.patterns.add(work) }
    for reply in effects.replies {
      guard let waiting = coordinators.waiting.removeValue(forKey: reply.waiter) else { continue }
      var after = coordinators.marks.lastChange(of: reply.sees)
      if waiting.seesTopics { after = max(after, catalogueChange) }
      #if PLANTED_BUGS
        if PlantedBug.is(.commitAnsweredEarly), reply.message is OffsetCommitResponse { after = .start }
        if PlantedBug.is(.endAnsweredEarly), reply.message is EndTxnResponse { after = .start }
      #endif
      waiting.reply(reply.message, after)
    }
  }

  /// At the end of a turn: groups hear of topics that were made, extended or deleted, and of what their patterns matched.
  func coordinatorsAtEndOfTurn() {
    if coordinators.topicsSeen != catalogueChange, coordinatorsHaveRoom {
      coordinators.topicsSeen = catalogueChange
      runGroups { groups, context, effects in groups.topicsChanged(context, into: &effects) }
    }
    if let result = coordinators.patterns.result, coordinatorsHaveRoom {
      coordinators.patterns.result = nil
      runGroups { groups, context, effects in groups.patternsMatched(result, context, into: &effects) }
    }
    matchNextPatterns()
  }

  /// The lane matches one group's patterns at a time, with the topics as they are when it is its turn.
  private func matchNextPatterns() {
    guard let work = coordinators.patterns.takeNext() else { return }
    let topics = catalogue.topics
    compute {
      work.run(on: topics.values.map(\.description.name))
    } completion: { [unowned self] result in
      coordinators.patterns.isRunning = false
      coordinators.patterns.result = result
    }
  }

  /// Has `body` run on the background lane; `completion` is called later, on this thread.
  func compute<Value: Sendable>(
    _ body: @escaping @Sendable () -> Value, completion: @escaping (Value) -> Void
  ) {
    computations[store.compute(body)] = { value in
      if let value = value as? Value { completion(value) }
    }
  }

  // MARK: Time

  /// When a timer of a coordinator is due.
  var coordinatorDeadline: Instant {
    guard let next = coordinators.timers.next else { return .distantFuture }
    return max(next, coordinators.heldUntil)
  }

  /// Fires the timers that are due, as long as there is room for what they may decide.
  func coordinatorTimersPassed(_ now: Instant) {
    guard let next = coordinators.timers.next, next <= now, coordinators.heldUntil <= now else { return }
    guard coordinatorsHaveRoom else {
      coordinators.heldUntil = now.advanced(byMs: CoordinatorState.holdMs)
      return
    }
    while let timer = coordinators.timers.takeDue(at: now) {
      fire(timer)
    }
  }
}

extension Engine {
  private func fire(_ timer: CoordinatorTimer) {
    switch timer {
    case .transaction:
      runTransactions { transactions, context, effects in transactions.timerFired(timer, context, into: &effects) }
    case .expiry:
      runTransactions { transactions, context, effects in transactions.timerFired(timer, context, into: &effects) }
      runGroups { groups, context, effects in groups.timerFired(timer, context, into: &effects) }
    case .session, .rebalance, .join, .sync, .assignment, .patterns:
      runGroups { groups, context, effects in groups.timerFired(timer, context, into: &effects) }
    }
  }
}

/// The catalogue as coordinators see it.
struct CatalogueTopics: TopicLookup {
  let catalogue: Catalogue

  func topic(named name: String) -> TopicFacts? { catalogue.topic(named: name).map(Self.facts) }

  func topic(_ id: UniqueID) -> TopicFacts? { catalogue.topic(id).map(Self.facts) }

  var topicsByName: [TopicFacts] { catalogue.topicsByName.map(Self.facts) }

  private static func facts(_ topic: Catalogue.Topic) -> TopicFacts {
    TopicFacts(
      id: topic.description.id, name: topic.description.name, partitionCount: topic.description.partitionCount)
  }
}
