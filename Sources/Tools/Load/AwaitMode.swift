import Glibc
import KafkaClient
import KafkaWire
import Measuring
import Terminal

/// Waits until a broker serves.
struct AwaitMode: LoadMode {
  static let name = "await"
  static let summary = "waits until the broker answers and all partitions of the topic, if one is named, have a leader"
  static let options =
    LoadTarget.options + [Option("seconds", value: "N", "gives up after so long (120)")]

  private let target: LoadTarget
  private let needsTopic: Bool
  private let seconds: Int

  init(_ arguments: Arguments) throws {
    target = try LoadTarget(arguments)
    needsTopic = arguments.has("topic")
    seconds = try arguments.integer("seconds", in: 1...100_000) ?? 120
  }

  /// Tells when that was on the monotonic clock, so that whoever started the server can tell how long it took.
  func run() throws -> LoadReport {
    let deadline = nanoseconds() + Int64(seconds) * 1_000_000_000
    while true {
      let asked = nanoseconds()
      if try isServing() { break }
      guard nanoseconds() < deadline else { throw LoadFailure(reason: "no answer in \(seconds) s") }
      // A broker that is starting must not be kept from it by the question whether it has.
      let left = 1_000_000 - (nanoseconds() - asked)
      if left > 0 { poll(nil, 0, 1) }
    }
    var report = LoadReport()
    report.add("answered_at_ns", Int(nanoseconds()))
    return report
  }

  private func isServing() throws -> Bool {
    let client = target.client()
    do {
      let errors = try client.refreshMetadata(needsTopic ? [target.topic] : [])
      guard !client.cluster.brokers.isEmpty, errors.isEmpty else { return false }
      guard needsTopic else { return true }
      let partitions = client.cluster.topics[target.topic]?.partitions ?? []
      return partitions.count >= target.partitions && partitions.allSatisfy { $0.leader >= 0 }
    } catch {
      guard error.isRetriable || error.kind == .malformedAnswer else { throw error }
      return false
    }
  }
}
