import Glibc
import Reactor

/// A server that can be killed, stopped for a while, and started again on the same data and port.
protocol Victim: AnyObject {
  var name: String { get }
  /// Where it listens; known after the first start.
  var port: UInt16 { get }
  var process: ChildProcess? { get }
  /// Starts it and waits until it serves.
  func start() throws
}

/// The run cannot go on.
struct TortureFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The release binary of Millrace.
final class MillraceVictim: Victim {
  private static let settings = [
    "group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000",
    "group.consumer.min.session.timeout.ms=1000", "group.consumer.session.timeout.ms=6000",
    "group.consumer.min.heartbeat.interval.ms=100", "group.consumer.heartbeat.interval.ms=500",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms=500", "log.segment.bytes=1048576",
    "journal.checkpoint.bytes=8388608", "journal.file.bytes=33554432",
  ]

  let name = "Millrace"
  private(set) var port: UInt16 = 0
  private(set) var process: ChildProcess?
  private let command: [String]
  private let environment: [String]
  private let log: String

  init(_ options: TortureOptions, advertised: String) {
    let settings = Self.settings + ["advertised.listeners=PLAINTEXT://\(advertised)"]
    command =
      [options.binary, "serve", "--data", options.folder + "/data"] + settings.flatMap { ["--set", $0] } + ["--kafka"]
    environment = options.planted.isEmpty ? [] : ["MILLRACE_PLANTED_BUG=" + options.planted]
    log = options.folder + "/logs/server.log"
  }

  func start() throws {
    let started = try ChildProcess(command + ["127.0.0.1:\(port)"], environment: environment, log: log, isHeard: true)
    process = started
    while let line = started.line(withinMs: 60_000) {
      guard line.hasPrefix("millrace ready") else { continue }
      let address = line.split(separator: " ").first { $0.hasPrefix("kafka=") }?.dropFirst(6)
      guard let found = address?.split(separator: ":").last.flatMap({ UInt16($0.prefix { $0.isNumber }) }) else {
        break
      }
      port = found
      return
    }
    throw TortureFailure("the server does not start: see \(log)")
  }
}

/// An Apache Kafka, to see what the verdicts say of it.
final class KafkaVictim: Victim {
  let name = "Apache Kafka"
  let port: UInt16
  private(set) var process: ChildProcess?
  private let java: [String]
  private let properties: String
  private let log: String

  /// Formats its storage. It is started by `start`.
  init(_ options: TortureOptions, advertised: String) throws {
    let controller = try BoundSocket(host: "127.0.0.1", port: 0)
    let door = try BoundSocket(host: "127.0.0.1", port: 0)
    port = door.address.port
    properties = options.folder + "/kafka.properties"
    log = options.folder + "/logs/server.log"
    java = ["java", "-Xmx512m", "-cp", options.libraries + "/*"]
    let text = """
      process.roles=broker,controller
      node.id=1
      controller.quorum.voters=1@127.0.0.1:\(controller.address.port)
      listeners=PLAINTEXT://127.0.0.1:\(port),CONTROLLER://127.0.0.1:\(controller.address.port)
      advertised.listeners=PLAINTEXT://\(advertised)
      controller.listener.names=CONTROLLER
      inter.broker.listener.name=PLAINTEXT
      log.dirs=\(options.folder)/data
      offsets.topic.replication.factor=1
      offsets.topic.num.partitions=4
      transaction.state.log.replication.factor=1
      transaction.state.log.min.isr=1
      transaction.state.log.num.partitions=4
      share.coordinator.state.topic.replication.factor=1
      share.coordinator.state.topic.min.isr=1
      group.initial.rebalance.delay.ms=0
      group.min.session.timeout.ms=1000
      group.consumer.min.session.timeout.ms=1000
      group.consumer.session.timeout.ms=6000
      group.consumer.min.heartbeat.interval.ms=100
      group.consumer.heartbeat.interval.ms=500
      transaction.abort.timed.out.transaction.cleanup.interval.ms=500
      log.segment.bytes=1048576

      """
    try Files.write(text, to: properties)
    // Any id will do.
    let format = ["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", properties]
    let formatting = try ChildProcess(java + format, log: log)
    formatting.awaitEnd()
    guard formatting.status == 0 else { throw TortureFailure("Kafka's storage cannot be formatted: see \(log)") }
  }

  func start() throws {
    let started = try ChildProcess(java + ["kafka.Kafka", properties], log: log)
    process = started
    // It says nothing when it is ready; its port opens then.
    let deadline = Moment.nowMs() + 180_000
    while started.isRunning, Moment.nowMs() < deadline {
      if Files.connects(to: port) { return }
      _ = Signals.next(withinMs: 100)
    }
    throw TortureFailure("Apache Kafka does not start (\(started.status.map { "it ended with \($0)" } ?? "too slow"))")
  }
}
