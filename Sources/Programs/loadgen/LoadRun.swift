import Compression
import Glibc
import KafkaClient
import KafkaWire
import Measuring

/// A run: makes the topic, connects, produces, and says what it took.
struct LoadRun {
  private let plan: LoadPlan
  private var connections: [LoadConnection] = []

  /// Prepares all that need not be measured.
  init(_ plan: LoadPlan) throws {
    self.plan = plan
    let client = KafkaClient(bootstrap: [plan.broker], options: ClientOptions())
    try client.refreshMetadata([plan.topic])
    if client.cluster.topics[plan.topic] == nil {
      try client.createTopic(plan.topic, partitions: Int32(plan.partitions), replicas: 1, settings: [])
    }
    let known = try client.topic(plan.topic, createsMissing: true).partitions.count
    guard known >= plan.partitions else {
      throw LoadFailure(reason: "topic \(plan.topic) has \(known) partitions, not \(plan.partitions)")
    }
    for number in 0..<plan.connections {
      var identity: (id: Int64, epoch: Int16)?
      if plan.isIdempotent {
        let answer = try client.exchange(InitProducerIdRequest(), on: try client.anyBroker())
        guard answer.errorCode == 0 else { throw LoadFailure(reason: "no producer id: error \(answer.errorCode)") }
        identity = (answer.producerId, answer.producerEpoch)
      }
      let own = (0..<plan.partitions).filter { $0 % plan.connections == number }
      let partitions = own.isEmpty ? [number % plan.partitions] : own
      let frames = try partitions.map { try ProduceFrame(plan, partition: Int32($0), identity: identity) }
      connections.append(try LoadConnection(plan, frames))
    }
  }

  /// Produces and returns the report.
  func run() throws(LoadFailure) -> String {
    var recordsLeft = (plan.totalBytes + plan.recordBytes - 1) / plan.recordBytes
    var polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    let cpuBefore = plan.process.flatMap { ProcessFacts.processorSeconds(of: $0) }
    let began = nanoseconds()
    for connection in connections { try connection.send(&recordsLeft) }
    while recordsLeft > 0 || connections.contains(where: { !$0.isIdle }) {
      for (index, connection) in connections.enumerated() {
        polled[index].events = Int16(connection.wantsToWrite || plan.acks == 0 ? POLLIN | POLLOUT : POLLIN)
      }
      guard poll(&polled, nfds_t(polled.count), 30_000) > 0 else {
        throw LoadFailure(reason: "no answer in 30 s")
      }
      for (index, connection) in connections.enumerated() where polled[index].revents != 0 {
        if Int32(polled[index].revents) & ~POLLOUT != 0 { try connection.receive() }
        try connection.send(&recordsLeft)
      }
    }
    let seconds = Double(nanoseconds() - began) / 1e9
    let cpu = plan.process.flatMap { ProcessFacts.processorSeconds(of: $0) }
    return report(
      seconds: seconds, cpu: cpu.flatMap { after in cpuBefore.map { (after.user - $0.user, after.system - $0.system) } }
    )
  }

  private func report(seconds: Double, cpu: (user: Double, system: Double)?) -> String {
    let records = connections.reduce(0) { $0 + $1.records }
    let bytes = Double(records * plan.recordBytes)
    var latencies = Latencies()
    for connection in connections { latencies.add(connection.latencies) }
    var line = "\(Self.text(Double(records) / seconds, 0)) records/s, \(Self.text(bytes / seconds / 1e6, 1)) MB/s"
    if plan.acks != 0 {
      let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]
      for (name, share) in shares { line += ", \(name) \(Self.text(latencies.milliseconds(below: share), 2)) ms" }
    }
    if let cpu {
      let (user, system) = (cpu.user / (bytes / 1e9), cpu.system / (bytes / 1e9))
      line += ", server \(Self.text(user + system, 2)) CPU-s/GB (\(Self.text(user, 2)) of it its own code)"
    }
    return line
  }

  private static func text(_ value: Double, _ digits: Int) -> String {
    let scale = pow(10, Double(digits))
    let scaled = Int((value * scale).rounded())
    guard digits > 0 else { return "\(scaled)" }
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
