import Coordination
import KafkaWire
import Units

/// A script of requests and what came out, as text that people read.
///
/// A line at the margin is a step; the indented lines under it are what the coordinator did. Clients have names; ids are
/// written as the client's name and a number.
struct GroupTranscript {
  private var rig: GroupRig
  private var members: [String: String] = [:]
  private var generations: [String: Int32] = [:]
  private var names: [Waiter: String] = [:]

  init() {
    var settings = GroupCoordinatorSettings()
    settings.offsetsRetentionMs = 600_000
    settings.offsetsRetentionCheckIntervalMs = 300_000
    settings.maxSize = 4
    rig = GroupRig(settings)
  }

  /// Plays the steps of `script`, whatever outcome it has, and gives it with the outcome of now.
  mutating func play(_ script: String) -> String {
    var text = ""
    for line in script.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("  ") {
      text += line + "\n"
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      for outcome in step(Step(line)) { text += "  " + shortened(outcome) + "\n" }
    }
    while text.hasSuffix("\n\n") { text.removeLast() }
    return text
  }

  /// The words of a step: what to do, with whom, and options.
  private struct Step {
    var verb: String
    var words: [String]
    var options: [String: String] = [:]

    init(_ line: Substring) {
      let parts = line.split(separator: " ").map(String.init)
      verb = parts.first ?? ""
      words = []
      for part in parts.dropFirst() {
        let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
        if halves.count == 2, !halves[0].contains("-") { options[halves[0]] = halves[1] } else { words.append(part) }
      }
    }

    func int(_ name: String, _ fallback: Int32) -> Int32 { options[name].flatMap { Int32($0) } ?? fallback }
    subscript(index: Int) -> String { index < words.count ? words[index] : "" }
  }

  private mutating func step(_ step: Step) -> [String] {
    switch step.verb {
    case "join": return join(step)
    case "sync": return sync(step)
    case "heartbeat": return heartbeat(step)
    case "leave": return leave(step)
    case "commit": return commit(step)
    case "stage": return stage(step)
    case "end": return told(rig.end(Int64(step.int("producer", 1)), committed: step[0] == "commit"))
    case "fetch": return fetch(step)
    case "describe": return describe(step)
    case "why": return why(step)
    case "wait": return wait(Int64(step[0]) ?? 0)
    case "restart": return told(rig.restart(), "restarted")
    case "drop": return dropTopic(step[0])
    case "forget": return forget(step)
    case "delete": return delete(step)
    case "list": return list(step)
    case "size":
      rig.coordinator.settings.maxSize = Int32(step[0]) ?? 4
      return []
    default: return ["what is \(step.verb)?"]
    }
  }

  private mutating func ask(
    _ name: String, _ body: (inout GroupCoordinator, Waiter, CoordinatorContext, inout Effects) -> Void
  ) -> [String] {
    let waiter = rig.waiter()
    names[waiter] = name
    let effects = rig.perform { body(&$0, waiter, $1, &$2) }
    let lines = told(effects)
    return effects.replies.contains { $0.waiter == waiter } ? lines : lines + ["\(name) waits"]
  }

  private func caller(_ step: Step, _ version: Int32) -> Caller {
    Caller(clientID: step.options["client"] ?? step[1], host: "/10.0.0.1", version: Int16(step.int("v", version)))
  }

  private func member(_ step: Step) -> String { step.options["id"].map { $0 == "none" ? "" : $0 } ?? known(step[1]) }
  private func known(_ name: String) -> String { members[name] ?? "" }

  private mutating func join(_ step: Step) -> [String] {
    let protocols = (step.options["protocols"] ?? "range:t").split(separator: ",").map { offer in
      let halves = offer.split(separator: ":")
      let topics = halves.count > 1 ? halves[1].split(separator: "+").map(String.init) : []
      return JoinGroupRequest.MemberProtocol(
        name: String(halves[0]), metadata: RandomGroups.subscription(topics))
    }
    let request = JoinGroupRequest(
      groupId: step[0], sessionTimeoutMs: step.int("session", 10_000),
      rebalanceTimeoutMs: step.int("rebalance", 20_000), memberId: member(step),
      groupInstanceId: step.options["instance"], protocolType: step.options["type"] ?? "consumer",
      protocols: protocols, reason: step.options["reason"])
    let caller = caller(step, 9)
    return ask(step[1]) { $0.joinGroup(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func sync(_ step: Step) -> [String] {
    let assignments = (step.options["assign"] ?? "").split(separator: ",").map { given in
      let halves = given.split(separator: ":").map(String.init)
      return SyncGroupRequest.Assignment(memberId: known(halves[0]), assignment: Array(halves[1].utf8))
    }
    let request = SyncGroupRequest(
      groupId: step[0], generationId: step.int("generation", generations[step[1]] ?? -1), memberId: member(step),
      groupInstanceId: step.options["instance"], protocolType: step.options["protocol"].map { _ in "consumer" },
      protocolName: step.options["protocol"], assignments: assignments)
    let caller = caller(step, step.options["protocol"] == nil ? 4 : 5)
    return ask(step[1]) { $0.syncGroup(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func heartbeat(_ step: Step) -> [String] {
    let request = HeartbeatRequest(
      groupId: step[0], generationId: step.int("generation", generations[step[1]] ?? -1), memberId: member(step),
      groupInstanceId: step.options["instance"])
    let caller = caller(step, 4)
    return ask(step[1]) { $0.heartbeat(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func leave(_ step: Step) -> [String] {
    let leaving = step.words.dropFirst().map { name in
      name.hasPrefix("@")
        ? LeaveGroupRequest.Member(groupInstanceId: String(name.dropFirst()))
        : LeaveGroupRequest.Member(memberId: known(name), reason: step.options["reason"])
    }
    let request = LeaveGroupRequest(groupId: step[0], members: leaving)
    let caller = caller(step, 5)
    return ask(step[1]) { $0.leaveGroup(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  /// `t-0=5` in a step's words.
  private static func offsets(_ words: ArraySlice<String>) -> [(topic: String, partition: Int32, offset: Int64)] {
    words.compactMap { word in
      let halves = word.split(separator: "=")
      let name = halves[0].split(separator: "-")
      guard name.count == 2, let partition = Int32(name[1]) else { return nil }
      return (String(name[0]), partition, halves.count > 1 ? Int64(halves[1]) ?? 0 : 0)
    }
  }

  private mutating func commit(_ step: Step) -> [String] {
    let topics = Self.offsets(step.words[2...]).map { one in
      OffsetCommitRequest.Topic(
        name: one.topic,
        partitions: [
          .init(
            partitionIndex: one.partition, committedOffset: one.offset,
            committedMetadata: step.options["note"].map { String(repeating: "n", count: Int($0) ?? 0) })
        ])
    }
    let request = OffsetCommitRequest(
      groupId: step[0], generationIdOrMemberEpoch: step.int("generation", generations[step[1]] ?? -1),
      memberId: member(step), groupInstanceId: step.options["instance"],
      retentionTimeMs: Int64(step.int("keep", -1)), topics: topics)
    let caller = caller(step, 9)
    return ask(step[1]) { $0.commitOffsets(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func stage(_ step: Step) -> [String] {
    let topics = Self.offsets(step.words[2...]).map { one in
      TxnOffsetCommitRequest.Topic(
        name: one.topic, partitions: [.init(partitionIndex: one.partition, committedOffset: one.offset)])
    }
    let request = TxnOffsetCommitRequest(
      transactionalId: "x", groupId: step[0], producerId: Int64(step.int("producer", 1)), producerEpoch: 0,
      generationId: step.int("generation", generations[step[1]] ?? -1), memberId: member(step), topics: topics)
    let caller = caller(step, 3)
    return ask(step[1]) { $0.stageOffsets(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func fetch(_ step: Step) -> [String] {
    let wanted = Self.offsets(step.words[1...])
    let topics = wanted.map { OffsetFetchRequest.Group.Topic(name: $0.topic, partitionIndexes: [$0.partition]) }
    let request = OffsetFetchRequest(
      groups: [.init(groupId: step[0], topics: wanted.isEmpty ? nil : topics)],
      requireStable: step.words.contains("stable"))
    let caller = caller(step, 9)
    return ask("-") { $0.fetchOffsets(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func describe(_ step: Step) -> [String] {
    let caller = caller(step, 6)
    return ask("-") {
      $0.describeGroups(DescribeGroupsRequest(groups: [step[0]]), from: caller, waiter: $1, $2, into: &$3)
    }
  }

  private func why(_ step: Step) -> [String] {
    guard let facts = rig.coordinator.facts(of: step[0]) else { return ["no such group"] }
    guard let cause = facts.lastCause else { return ["no round yet"] }
    let reason = cause.reason.map { " (\($0))" } ?? ""
    return ["round \(facts.rebalances): \(cause.trigger.rawValue) by \(cause.member)\(reason)"]
  }

  private mutating func forget(_ step: Step) -> [String] {
    let topics = Self.offsets(step.words[1...]).map {
      OffsetDeleteRequest.Topic(name: $0.topic, partitions: [.init(partitionIndex: $0.partition)])
    }
    let caller = caller(step, 0)
    return ask("-") {
      $0.deleteOffsets(
        OffsetDeleteRequest(groupId: step[0], topics: topics), from: caller, waiter: $1, $2, into: &$3)
    }
  }

  private mutating func delete(_ step: Step) -> [String] {
    let caller = caller(step, 2)
    return ask("-") {
      $0.deleteGroups(DeleteGroupsRequest(groupsNames: [step[0]]), from: caller, waiter: $1, $2, into: &$3)
    }
  }

  private mutating func list(_ step: Step) -> [String] {
    let request = ListGroupsRequest(
      statesFilter: step.options["state"].map { [$0] } ?? [], typesFilter: step.options["type"].map { [$0] } ?? [])
    let caller = caller(step, 5)
    return ask("-") { $0.listGroups(request, from: caller, waiter: $1, $2, into: &$3) }
  }

  private mutating func dropTopic(_ name: String) -> [String] {
    guard let facts = rig.topics.byName.removeValue(forKey: name) else { return ["no such topic"] }
    return told(rig.perform { $0.topicDeleted(facts, $1, into: &$2) })
  }

  private mutating func wait(_ milliseconds: Int64) -> [String] {
    let end = rig.now.advanced(byMs: milliseconds)
    var lines: [String] = []
    while let timer = rig.nextTimer(until: end) {
      let effects = rig.fire(timer)
      let outcome = told(effects)
      guard !outcome.isEmpty else { continue }
      lines.append("at \(rig.now.nanoseconds / 1_000_000) ms: \(Self.name(of: timer))")
      lines += outcome
    }
    rig.move(to: end)
    return lines
  }

  private static func name(of timer: CoordinatorTimer) -> String {
    switch timer {
    case .session(let group, let member): "session of \(member) in \(group)"
    case .join(let group): "joining of \(group) is over"
    case .sync(let group): "syncing of \(group) is over"
    default: "\(timer)"
    }
  }

  // MARK: What came out

  private mutating func told(_ effects: Effects, _ opening: String? = nil) -> [String] {
    var lines = opening.map { [$0] } ?? []
    for write in effects.writes {
      for record in write.records {
        lines.append(RecordText.line(record) + (write.producer.map { " in transaction of \($0.id)" } ?? ""))
      }
    }
    for reply in effects.replies {
      let name = names[reply.waiter] ?? "?"
      learn(reply.message, name)
      let text = ReplyText.line(reply.message)
      lines.append(name == "-" ? text : "\(name): \(text)")
    }
    return lines
  }

  private mutating func learn(_ message: any WireMessage, _ name: String) {
    guard let join = message as? JoinGroupResponse, join.errorCode == 0 || join.errorCode == 79 else { return }
    members[name] = join.memberId
    if join.errorCode == 0 { generations[name] = join.generationId }
  }

  /// Ids as a client's name and a number.
  private func shortened(_ line: String) -> String {
    let long = "-00000000-0000-0000-0000-"
    var rest = Substring(line)
    var text = ""
    while let range = rest.firstRange(of: long) {
      text += rest[..<range.lowerBound]
      let digits = rest[range.upperBound...].prefix(12)
      text += "#" + String(Int(digits, radix: 16) ?? 0)
      rest = rest[range.upperBound...].dropFirst(12)
    }
    return text + rest
  }
}
