import ByteCodec
import KafkaWire
import Measuring

/// One producer of an open loop, alone on its partition: sends what is due, as one batch; what becomes due while its window
/// is full goes into the next one.
final class PacedProducer: LoadParty {
  /// As Kafka's own producer.
  private static let window = 5

  let socket: LoadSocket
  private let schedule: Schedule
  private let partition: Int32
  private let content: ProduceFrame.Content
  private let mostRecords: Int
  /// Frames by their number of records, made when they are first needed.
  private var frames: [Int: ProduceFrame] = [:]
  private var correlation: Int32 = 0
  private var sent = 0
  private var acknowledged = 0
  /// The numbers of records of the requests under way, in order.
  private var underWay: [Int] = []
  /// From the time when a record ought to have been sent to its acknowledgement.
  private(set) var latencies = Latencies()

  init(_ plan: LatencyMode, _ schedule: Schedule, partition: Int32) throws(LoadFailure) {
    self.schedule = schedule
    self.partition = partition
    content = ProduceFrame.Content(
      topic: plan.target.topic, recordBytes: plan.recordBytes, recordCount: 1, acks: plan.acks)
    mostRecords = ProduceFrame.recordsFitting(plan.batchBytes, recordBytes: plan.recordBytes)
    socket = try LoadSocket(to: plan.target.broker)
  }

  var isDone: Bool { acknowledged == schedule.count }

  var deadline: Int64? {
    sent < schedule.count && underWay.count < Self.window && socket.isFree ? schedule.time(of: sent) : nil
  }

  func proceed() throws(LoadFailure) {
    while socket.isFree, underWay.count < Self.window {
      let count = min(schedule.due(by: nanoseconds()) - sent, mostRecords)
      guard count > 0 else { return }
      let frame = try frame(of: count)
      frame.prepare(correlation: correlation, partition: partition)
      correlation = (correlation &+ 1) & Int32.max
      sent += count
      underWay.append(count)
      try socket.send(frame.bytes)
    }
  }

  private func frame(of count: Int) throws(LoadFailure) -> ProduceFrame {
    if let made = frames[count] { return made }
    var content = content
    content.recordCount = count
    do {
      let made = try ProduceFrame(content)
      frames[count] = made
      return made
    } catch {
      throw LoadFailure(reason: "a batch of \(count) records cannot be built: \(error)")
    }
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    let code = try ProduceFrame.outcome(frame).code
    guard code == .none else { throw LoadFailure(reason: "a batch was refused: \(code)") }
    guard !underWay.isEmpty else { throw LoadFailure(reason: "an answer to nothing") }
    let now = nanoseconds()
    for index in acknowledged..<acknowledged + underWay.removeFirst() {
      if index >= schedule.warming { latencies.add(nanoseconds: now - schedule.time(of: index)) }
      acknowledged += 1
    }
  }
}
