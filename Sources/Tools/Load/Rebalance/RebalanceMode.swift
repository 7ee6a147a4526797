import KafkaClient
import KafkaWire
import Measuring
import Terminal

/// Members of a group that come and go one by one.
struct RebalanceMode: LoadMode {
  static let name = "rebalance"
  static let summary = "members join a group one by one and leave it one by one; how long partitions are read by nobody"
  static let options =
    LoadTarget.options + [
      Option("protocol", value: "classic|consumer", "classic groups, or KIP-848 (classic)"),
      Option("members", value: "N", "members (8)"),
      Option("heartbeat", value: "MS", "between two signs of life of a classic member (3000)"),
      Option("group", value: "NAME", "the group (rebalance)"),
    ]

  /// Members that do not agree for so long have failed, in nanoseconds.
  private static let patience: Int64 = 120_000_000_000

  let target: LoadTarget
  let isClassic: Bool
  let members: Int
  let heartbeatMs: Int64
  let group: String

  init(_ arguments: Arguments) throws {
    target = try LoadTarget(arguments)
    isClassic = try arguments.choice("protocol", of: ["classic", "consumer"]) != "consumer"
    members = try arguments.integer("members", in: 1...1_000) ?? 8
    heartbeatMs = try arguments.integer("heartbeat", in: 10...60_000) ?? 3_000
    group = arguments.text("group") ?? "rebalance"
  }

  func run() throws -> LoadReport {
    let client = target.client()
    let topic = try target.prepareTopic(client)
    try target.awaitCoordinator(of: group, .group, client)
    let standstill = Standstill(partitions: target.partitions)
    let parties = try (0..<members).map { number -> any GroupParty in
      isClassic
        ? try ClassicMember(self, standstill)
        : try ConsumerMember(self, standstill, topicID: topic.id, number: number)
    }
    let loop = LoadLoop()
    defer { loop.end() }
    let meter = ProcessorMeter(process: target.process)
    let began = nanoseconds()
    var settling: [Double] = []
    for count in 1...members {
      parties[count - 1].join()
      settling.append(try settle(loop, parties, members: parties[..<count], standstill))
      if count == 1 { standstill.beginCounting() }
    }
    for gone in 0..<members - 1 {
      parties[gone].leave()
      settling.append(try settle(loop, parties, members: parties[(gone + 1)...], standstill))
    }
    let seconds = Double(nanoseconds() - began) / 1e9
    let used = meter.used()
    var report = LoadReport()
    report.add("changes", settling.count - 1)
    report.add("stood_still_ms", standstill.average / 1e6)
    report.add("longest_ms", Double(standstill.longest) / 1e6)
    report.add("settling_ms", settling.dropFirst().reduce(0, +) / Double(max(settling.count - 1, 1)))
    report.add("seconds", seconds)
    report.add("server_cpu_s", used.server)
    return report
  }

  /// Runs until `current` members have divided the partitions evenly and all others are gone; how many milliseconds that
  /// took.
  private func settle(
    _ loop: LoadLoop, _ parties: [any GroupParty], members current: ArraySlice<any GroupParty>, _ standstill: Standstill
  ) throws(LoadFailure) -> Double {
    let began = nanoseconds()
    let least = target.partitions / current.count
    let most = least + (target.partitions % current.count == 0 ? 0 : 1)
    var isLate = false
    try loop.run(parties) {
      isLate = nanoseconds() - began > Self.patience
      let isDivided = current.allSatisfy { $0.isSettled && $0.owned.count >= least && $0.owned.count <= most }
      return isLate || isDivided && standstill.isComplete
    }
    guard !isLate else { throw LoadFailure(reason: "\(current.count) members did not agree in 120 s") }
    return Double(nanoseconds() - began) / 1e6
  }
}
