/// Why a group lags or stands still, in a sentence, and what helps. Made from an observation; asks nobody.
package struct GroupDiagnosis: Equatable, Sendable {
  package enum Cause: String, Sendable, CaseIterable {
    case unknownGroup = "unknown_group"
    case noMembers = "no_members"
    case rebalanceLoop = "rebalance_loop"
    case openTransaction = "open_transaction"
    case memberNeverCommits = "member_never_commits"
    case idleMembers = "more_members_than_partitions"
    case hotPartition = "hot_partition"
    case tooSlow = "too_slow"
    case catchingUp = "catching_up"
    case healthy
  }

  package var cause: Cause
  package var sentence: String
  /// The command that helps, or nil where nothing needs to be done.
  package var command: String?

  /// Rebalances in one observation from which on it is a loop: one, and another right after it, are ordinary.
  private static let loopingRebalances = 3
  /// A partition is hot when it holds such a part of all that is unread, and the others go on.
  private static let hotShare = 0.8
  /// Below so many unread records, one partition's share says nothing.
  private static let hotMinimum: Int64 = 100

  private init(_ cause: Cause, _ sentence: String, _ command: String? = nil) {
    self.cause = cause
    self.sentence = sentence
    self.command = command
  }

  /// The first cause that fits, those that hide the others first.
  package init(_ seen: GroupObservation) {
    guard let view = seen.last else {
      self = seen.after.isEmpty ? Self.unknown(seen.group) : Self.noMembers(seen)
      return
    }
    self =
      Self.rebalanceLoop(seen)
      ?? (view.members.isEmpty ? Self.noMembers(seen) : nil)
      ?? Self.openTransaction(seen)
      ?? Self.memberNeverCommits(seen, view)
      ?? Self.idleMembers(seen, view)
      ?? Self.hotPartition(seen)
      ?? Self.pace(seen)
  }

  private static func unknown(_ group: String) -> Self {
    Self(.unknownGroup, "there is no group \(group), and nobody has committed offsets for it", "millrace group list")
  }

  private static func noMembers(_ seen: GroupObservation) -> Self {
    let topic = seen.after.max { $0.records < $1.records }?.place.topic ?? "TOPIC"
    return Self(
      .noMembers,
      "group \(seen.group) has no members: nobody reads, and \(records(seen.unread)) \(seen.unread == 1 ? "waits" : "wait")",
      "millrace consume \(topic) --group \(seen.group)")
  }

  /// Members that came and went between looks, and how often the group changed its epoch.
  private static func rebalanceLoop(_ seen: GroupObservation) -> Self? {
    var changes = 0
    var comings: [String: Int] = [:]
    for (earlier, later) in zip(seen.views, seen.views.dropFirst()) {
      guard let earlier, let later else { continue }
      let before = Set(earlier.members.map(\.id))
      let now = Set(later.members.map(\.id))
      let settled = later.state == "Stable"
      if later.epoch != earlier.epoch || before != now || (earlier.state == "Stable") != settled { changes += 1 }
      for member in later.members where !before.contains(member.id) { comings[name(member), default: 0] += 1 }
      for member in earlier.members where !now.contains(member.id) { comings[name(member), default: 0] += 1 }
    }
    guard changes >= loopingRebalances else { return nil }
    let culprit = comings.max { ($0.value, $1.key) < ($1.value, $0.key) }
    let who = culprit.map { "; \($0.key) joined or left \($0.value) times" } ?? ""
    let last = seen.rebalance.map { "; the last one: \($0.sentence)" } ?? ""
    let seconds = max(seen.spanMs / 1_000, 1)
    return Self(
      .rebalanceLoop,
      "group \(seen.group) rebalances again and again (\(changes) changes in \(seconds) s), so nobody gets to read"
        + who + last,
      "millrace group describe \(seen.group)")
  }

  private static func openTransaction(_ seen: GroupObservation) -> Self? {
    let held = seen.after.filter {
      $0.records > 0 && $0.stableEnd < $0.end && ($0.committed ?? $0.start) >= $0.stableEnd
    }
    guard let place = held.max(by: { $0.records < $1.records })?.place else { return nil }
    let found = seen.transactions.filter { $0.place == place }.max { ($0.openMs ?? 0) < ($1.openMs ?? 0) }
    let age = found?.openMs.map { " for \($0 / 1_000) s" } ?? ""
    let who =
      found.map { open in
        open.transactionalID.map { "transaction '\($0)'" } ?? "a transaction of producer \(open.producerID)"
      } ?? "a transaction"
    let command =
      found?.transactionalID.map { "millrace txn abort \($0)" } ?? "millrace txn abort --partition \(place)"
    return Self(
      .openTransaction,
      "group \(seen.group) reads committed records only, and \(who) has been open\(age) in \(place): "
        + "nothing behind its first record may be read before it ends", command)
  }

  /// A member that has something to read, and no offset of any of its partitions has moved.
  private static func memberNeverCommits(_ seen: GroupObservation, _ view: GroupView) -> Self? {
    let start = Dictionary(seen.before.map { ($0.place, $0) }) { $1 }
    var stuck: (member: GroupView.Member, unread: Int64)?
    for member in view.members {
      let own = seen.after.filter { member.assignment.contains($0.place) }
      let unread = own.reduce(0) { $0 + $1.records }
      let hasMoved = own.contains { $0.committed != start[$0.place]?.committed }
      let hasWaited = own.contains { lag in lag.records > 0 && (start[lag.place]?.records ?? 0) > 0 }
      guard unread > stuck?.unread ?? 0, hasWaited, !hasMoved else { continue }
      stuck = (member, unread)
    }
    guard let stuck else { return nil }
    let seconds = max(seen.spanMs / 1_000, 1)
    return Self(
      .memberNeverCommits,
      "group \(seen.group) stands still where \(name(stuck.member)) reads: it has \(records(stuck.unread)) before it "
        + "and committed nothing in \(seconds) s",
      "look at the log of \(stuck.member.clientID) at \(stuck.member.host)")
  }

  private static func idleMembers(_ seen: GroupObservation, _ view: GroupView) -> Self? {
    let idle = view.members.filter { $0.assignment.isEmpty }
    let partitions = seen.after.filter { $0.member != nil }
    guard seen.unread > 0, !idle.isEmpty, seen.catchUpMs == nil, let topic = partitions.first?.place.topic else {
      return nil
    }
    let wanted = view.members.count
    return Self(
      .idleMembers,
      "group \(seen.group) has \(wanted) members for \(partitions.count) partition\(partitions.count == 1 ? "" : "s"): "
        + "\(idle.count) of them "
        + "\(idle.count == 1 ? "has" : "have") nothing to read, and the others cannot keep up",
      "millrace topic alter \(topic) --partitions \(wanted)")
  }

  private static func hotPartition(_ seen: GroupObservation) -> Self? {
    guard seen.after.count > 1, seen.unread >= hotMinimum, seen.catchUpMs == nil,
      let hot = seen.after.max(by: { $0.records < $1.records }),
      Double(hot.records) >= hotShare * Double(seen.unread)
    else { return nil }
    let percent = hot.records * 100 / seen.unread
    return Self(
      .hotPartition,
      "group \(seen.group) lags in one partition: \(hot.place) holds \(percent) % of \(records(seen.unread)) unread, so "
        + "one key, or few, get most of the writes",
      "millrace consume \(hot.place.topic) --partition \(hot.place.partition) --from -1000 --json | jq -r .key "
        + "| sort | uniq -c | sort -n | tail")
  }

  private static func pace(_ seen: GroupObservation) -> Self {
    guard seen.unread > 0 else { return Self(.healthy, "group \(seen.group) has read all there is") }
    let (written, read) = seen.rates
    let pace = "\(Int64(read.rounded())) records a second are read and \(Int64(written.rounded())) written"
    guard let left = seen.catchUpMs else {
      return Self(
        .tooSlow, "group \(seen.group) is too slow: \(pace), and \(records(seen.unread)) wait",
        "start more members (no more than partitions); `millrace group describe \(seen.group)` shows them")
    }
    return Self(
      .catchingUp,
      "group \(seen.group) is catching up: \(pace), so the \(records(seen.unread)) that wait are read in "
        + "about \(max(left / 1_000, 1)) s")
  }

  private static func name(_ member: GroupView.Member) -> String {
    "\(member.instance ?? member.clientID) at \(member.host)"
  }

  private static func records(_ count: Int64) -> String { "\(count) record\(count == 1 ? "" : "s")" }
}
