import KafkaWire
import Units

extension ConsumerGroup {
  /// Moves `member` on its way to the target: first it gives up what it shall not have, then it gets what is free.
  /// `owned` is what it says it has, nil where it says nothing new.
  mutating func reconcile(
    _ member: String, owned: Set<TopicPartition>?, _ standing: Standing, _ context: CoordinatorContext,
    _ draft: inout Draft, into effects: inout Effects
  ) {
    let old = current(member)
    let isClassic = state.members[member]?.classic != nil
    var next = old
    switch old.phase {
    case .stable:
      if old.epoch == state.targetEpoch, state.current[member] != nil {
        stopWaiting(for: member, [.confirm], into: &effects)
        return
      }
    case .unrevoked:
      guard let owned, owned.isDisjoint(with: old.pending.keys) else { return }
      next.pending = [:]
    case .unreleased: break
    }

    let target = Set(state.target[member] ?? [])
    let surplus = next.assigned.filter { !target.contains($0.key) }
    // Nobody can be given a partition of a topic that is gone, and a member that joins owns nothing yet: no need to wait.
    let held = standing == .joining ? [:] : surplus.filter { context.topics.topic($0.key.topic) != nil }
    next.assigned = next.assigned.filter { target.contains($0.key) }
    if isClassic, let owned, owned.isDisjoint(with: held.keys) {
      settle(&next, target, member)
    } else if !held.isEmpty {
      if !isClassic, let owned, !held.keys.allSatisfy(owned.contains) {
        // It does not know yet what it owns, or this request is older than the answer that gave it: it is told again, and
        // asked to give up when it has said that it knows.
        wait(for: member, .confirm, context, into: &effects)
        return
      }
      next.phase = .unrevoked
      next.previousEpoch = old.epoch
      // An epoch it never had: only a request made after this answer can say that the partitions are given up. The target
      // is ahead of a member with a surplus, so this is not beyond it.
      next.epoch = old.epoch &+ 1
      next.pending = held
    } else {
      settle(&next, target, member)
    }

    if next != old || state.current[member] == nil { put(.current(member, next), &draft) }
    if next.phase == .unrevoked, !isClassic {
      wait(for: member, .revoke, context, into: &effects, again: true)
    } else {
      stopWaiting(for: member, [.revoke, .confirm], into: &effects)
    }
  }

  /// Brings a member that has nothing to give up to the target's epoch, with all that is free.
  private func settle(_ next: inout MemberAssignment, _ target: Set<TopicPartition>, _ member: String) {
    let epoch = state.targetEpoch ?? 0
    if next.epoch != epoch {
      next.previousEpoch = next.epoch
      next.epoch = epoch
    }
    next.pending = [:]
    next.phase = .stable
    for partition in target where next.assigned[partition] == nil {
      if let owner = owners[partition], owner != member {
        next.phase = .unreleased
      } else {
        next.assigned[partition] = epoch
      }
    }
  }

  /// Starts the member's rebalance timeout, unless it runs already for the same reason.
  mutating func wait(
    for member: String, _ wait: Wait, _ context: CoordinatorContext, into effects: inout Effects, again: Bool = false
  ) {
    guard again || waits[member] != wait else { return }
    waits[member] = wait
    let timeout = max(0, state.members[member]?.rebalanceTimeoutMs ?? 0)
    effects.arm(.rebalance(group: id, member: member), at: context.now.advanced(byMs: Int64(timeout)))
  }

  /// Ends the member's rebalance timeout, where it runs for one of these reasons.
  mutating func stopWaiting(for member: String, _ reasons: [Wait], into effects: inout Effects) {
    guard let wait = waits[member], reasons.contains(wait) else { return }
    waits[member] = nil
    effects.cancel(.rebalance(group: id, member: member))
  }
}
