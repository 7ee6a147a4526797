import KafkaWire
import Measuring
import Terminal
import WireClient

extension Scenario {
  /// Many groups, and a large one, in both protocols.
  static let groups = Scenario(
    name: "groups", summary: "many groups and a large one, classic and KIP-848: time to settle, heartbeats, commits",
    defaults: ["GROUPS": 1_000, "MEMBERS": 10, "LARGE": 1_000, "SECONDS": 15, "HEARTBEAT": 3_000, "STEADY": 100]
  ) { run in
    var table = TextTable(
      [
        "groups", "settled s", "heartbeats/s", "CPU %", "us each", "commits/s", "us each", "RSS MiB", "KiB a member",
        "steady p99 ms", "errors",
      ], rightAligned: Set(1...10))
    var bounds: [() -> Void] = []
    for kind in [GroupMembers.Kind.classic, .consumer] {
      for (groups, each) in [(run["GROUPS"], run["MEMBERS"]), (1, run["LARGE"])] where groups * each > 0 {
        let trial = try GroupsTrial(run, kind, groups: groups, each: each)
        let phase = try trial.play()
        table.add(trial.row(phase))
        bounds.append { trial.tellBounds(phase) }
      }
    }
    run.tell(table.text)
    for bound in bounds { bound() }
  }
}

private final class GroupsTrial {
  private let run: LimitRun
  private let server: ServerProcess
  private let steady: SteadyClient
  private let kind: GroupMembers.Kind
  private let groups: Int
  private let each: Int
  private var settledSeconds = 0.0
  private var heartbeatRate = 0.0
  private var heartbeatShare = 0.0
  private var heartbeatMicros = 0.0
  private var commitRate = 0.0
  private var commitMicros = 0.0
  private var resident = 0
  private var perMember = 0.0
  private var exitCode: Int32 = 0
  private var errors: [Int16: Int] = [:]
  private var lost = 0

  init(_ run: LimitRun, _ kind: GroupMembers.Kind, groups: Int, each: Int) throws {
    self.run = run
    self.kind = kind
    self.groups = groups
    self.each = each
    FolderTree.remove(run.dataFolder)
    server = try run.start(["group.consumer.heartbeat.interval.ms=\(run["HEARTBEAT"])"])
    try Topics.make(SteadyClient.topic, at: server.address)
    try Topics.make("shared", partitions: each, at: server.address)
    steady = try SteadyClient(server.address, rate: run["STEADY"])
  }

  private var name: String { "\(kind) \(groups) x \(each)" }

  /// Plays all of it; what the steady client saw meanwhile.
  func play() throws -> PhaseTable.Phase {
    try Topics.makeCoordinator(at: server.address)
    let seconds = Double(run["SECONDS"])
    // What the steady client costs is not the groups'.
    let (_, alone) = try measure(counting: { 0 }) { wait(until: nanoseconds() + Int64(seconds * 1e9)) }
    let before = try server.facts()
    let phase = try PhaseTable(server, steady).measure(name) { try work(seconds, alone: alone) }
    perMember = Double(resident - before.resident) / 1024 / Double(groups * each)
    steady.stop()
    exitCode = server.stop().code
    return phase
  }

  /// The members join, are silent but for heartbeats, and commit. `alone` is the processor time that the same takes
  /// without them.
  private func work(_ seconds: Double, alone: Double) throws {
    let began = nanoseconds()
    let members = try GroupMembers(
      server.address, kind, groups: groups, membersEach: each, topic: "shared",
      topicID: try Topics.id(of: "shared", at: server.address), heartbeatMs: run["HEARTBEAT"])
    guard members.run(seconds: 120, until: { members.areAllSettled }) else {
      throw MeasuringFailure("\(name): \(members.settled) settled in 120 s, errors \(members.errors)")
    }
    settledSeconds = Double(nanoseconds() - began) / 1e9
    let (beats, beatCost) = try measure(counting: { members.heartbeats }) { members.run(seconds: seconds) }
    heartbeatRate = beats / seconds
    heartbeatShare = 100 * max(beatCost - alone, 0) / seconds
    heartbeatMicros = 1e6 * max(beatCost - alone, 0) / max(beats, 1)
    members.isCommitting = true
    let (commits, commitCost) = try measure(counting: { members.commits }) { members.run(seconds: seconds) }
    commitRate = commits / seconds
    commitMicros = 1e6 * max(commitCost - alone, 0) / max(commits, 1)
    resident = try server.facts().resident
    (errors, lost) = (members.errors, members.lost)
    members.close()
  }

  private func measure(
    counting count: () -> Int, _ body: () -> Void
  ) throws -> (count: Double, processor: Double) {
    let (counted, facts) = (count(), try server.facts())
    body()
    return (Double(count() - counted), try server.facts().processor - facts.processor)
  }

  func row(_ phase: PhaseTable.Phase) -> [String] {
    [
      name, Number.text(settledSeconds), Number.text(heartbeatRate), Number.text(heartbeatShare),
      Number.text(heartbeatMicros), Number.text(commitRate), Number.text(commitMicros),
      Number.text(Number.mebi(resident)), Number.text(perMember), Number.text(phase.p99),
      "\(errors.values.reduce(0, +) + lost)",
    ]
  }

  func tellBounds(_ phase: PhaseTable.Phase) {
    run.bound("\(name): settled", settledSeconds, atMost: groups > 1 ? 30 : 10, "s")
    run.bound("\(name): processor time of a heartbeat", heartbeatMicros, atMost: 100, "us")
    run.bound(phase, p99: 2_000)
    run.bound("\(name): memory of a member", perMember, atMost: 20, "KiB")
    run.bound("\(name): commits a second", commitRate, atLeast: 2_000)
    run.bound("\(name): errors", Double(errors.values.reduce(0, +) + lost), atMost: 0)
    run.bound(exitCode: exitCode)
  }
}
