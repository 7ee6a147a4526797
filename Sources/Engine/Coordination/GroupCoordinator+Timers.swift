import Units

extension GroupCoordinator {
  /// A timer that was armed is due.
  package mutating func timerFired(
    _ timer: CoordinatorTimer, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    switch timer {
    case .session(let group, let member):
      if changeConsumer(group, timer, context, into: &effects) { return }
      changeClassic(group, context, into: &effects) { classic, world, effects in
        classic.sessionTimerFired(member, world, into: &effects)
        return nil
      }
    case .join(let group):
      changeClassic(group, context, into: &effects) { classic, world, effects in
        classic.joinTimerFired(world, into: &effects)
        return nil
      }
    case .sync(let group):
      changeClassic(group, context, into: &effects) { classic, world, effects in
        classic.syncTimerFired(world, into: &effects)
        return nil
      }
    case .expiry: expireOffsets(context, into: &effects)
    case .rebalance(let group, _), .assignment(let group), .patterns(let group):
      _ = changeConsumer(group, timer, context, into: &effects)
    case .transaction: break
    }
  }

  /// All records have been replayed: the sessions of the members begin, and requests may come.
  package mutating func loaded(_ context: CoordinatorContext, into effects: inout Effects) {
    isLive = true
    effects.arm(.expiry, at: context.now.advanced(byMs: settings.offsetsRetentionCheckIntervalMs))
    for id in groups.keys.sorted() {
      removeStrayOffsets(of: id, context.topics, into: &effects)
      guard groups[id] != nil else { continue }
      write(restatements(of: id), of: id, [.offsets(group: id), .groups], into: &effects)
      if groups[id]?.consumer != nil {
        let settings = settings.consumer(id)
        changeConsumer(id, context, into: &effects) { $0.loaded(settings, context, into: &$1) }
        continue
      }
      groups[id]?.classic?.load()
      changeClassic(id, context, into: &effects) { classic, world, effects in
        classic.resume(world, into: &effects)
        return nil
      }
    }
  }
}
