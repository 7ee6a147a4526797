import ByteCodec
import KafkaClient
import KafkaWire
import Measuring
import Terminal

/// Commits offsets as fast as the broker answers.
struct CommitMode: LoadMode {
  static let name = "commits"
  static let summary = "commits offsets, each for one partition, as fast as the broker answers"
  static let options =
    LoadTarget.options + [
      Option("connections", value: "N", "who commit, each for a group of its own, one request under way (16)"),
      Option("commits", value: "N", "commits in all (50000)"),
    ]

  let target: LoadTarget
  let connections: Int
  let commits: Int

  init(_ arguments: Arguments) throws {
    target = try LoadTarget(arguments)
    connections = try arguments.integer("connections", in: 1...10_000) ?? 16
    commits = try arguments.integer("commits", in: 1...1_000_000_000) ?? 50_000
  }

  func run() throws -> LoadReport {
    let client = target.client()
    _ = try target.prepareTopic(client)
    let committers = try (0..<connections).map { number in
      let group = "\(target.topic)-group-\(number)"
      try target.awaitCoordinator(of: group, .group, client)
      let share = commits / connections + (number < commits % connections ? 1 : 0)
      return try Committer(target, group: group, partition: Int32(number % target.partitions), commits: share)
    }
    let loop = LoadLoop()
    defer { loop.end() }
    let meter = ProcessorMeter(process: target.process)
    let began = nanoseconds()
    try loop.run(committers) { committers.allSatisfy(\.isDone) }
    let seconds = Double(nanoseconds() - began) / 1e9
    let used = meter.used()
    var latencies = Latencies()
    for committer in committers { latencies.add(committer.latencies) }
    var report = LoadReport()
    report.add("commits", commits)
    report.add("commits_per_s", Double(commits) / seconds, digits: 0)
    report.add("", latencies)
    report.add(used, per: "million_commits", Double(commits), scale: 1e6)
    return report
  }
}

/// One that commits, for a group without members: what a consumer that assigns its partitions itself does.
final class Committer: LoadParty {
  /// The newest version that names topics.
  private static let version: Int16 = 9

  let socket: LoadSocket
  let deadline: Int64? = nil
  private let target: LoadTarget
  private let group: String
  private let partition: Int32
  private var commitsLeft: Int
  private var offset: Int64 = 0
  private var sentAt: Int64?
  private(set) var latencies = Latencies()

  init(_ target: LoadTarget, group: String, partition: Int32, commits: Int) throws(LoadFailure) {
    self.target = target
    self.group = group
    self.partition = partition
    commitsLeft = commits
    socket = try LoadSocket(to: target.broker)
  }

  var isDone: Bool { commitsLeft == 0 && sentAt == nil }

  func proceed() throws(LoadFailure) {
    guard sentAt == nil, commitsLeft > 0, socket.isFree else { return }
    commitsLeft -= 1
    offset += 1
    let entry = OffsetCommitRequest.Topic.Partition(
      partitionIndex: partition, committedOffset: offset, committedMetadata: "")
    let request = OffsetCommitRequest(
      groupId: group, topics: [OffsetCommitRequest.Topic(name: target.topic, partitions: [entry])])
    sentAt = nanoseconds()
    try socket.send(request, version: Self.version)
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    if let sentAt { latencies.add(nanoseconds: nanoseconds() - sentAt) }
    sentAt = nil
    let answer = try LoadSocket.answer(OffsetCommitRequest.self, frame, version: Self.version)
    let code = answer.topics.first?.partitions.first?.errorCode
    guard code == 0 else {
      throw LoadFailure(reason: "a commit was refused: \(code.map { "\(ErrorCode(rawValue: $0))" } ?? "no word")")
    }
  }
}
