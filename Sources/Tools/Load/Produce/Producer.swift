import ByteCodec
import KafkaWire
import Measuring

/// One producer of a closed loop: as many requests under way as its window allows, round its partitions.
final class Producer: LoadParty {
  let socket: LoadSocket
  let deadline: Int64? = nil
  private let plan: ProduceMode
  private let frame: ProduceFrame
  private let partitions: [Int32]
  private var sequences: [Int32]
  private var nextLane = 0
  private var correlation: Int32 = 0
  /// When each request under way was sent, in nanoseconds; a ring, since answers come in order.
  private var sent: [Int64]
  private var answered = 0
  private var started = 0
  private var keys: KeySource
  /// Records that this producer is still to send.
  private var recordsLeft: Int

  private(set) var records = 0
  private(set) var latencies = Latencies()

  init(_ plan: ProduceMode, _ frame: ProduceFrame, partitions: [Int32], records: Int, seed: Int) throws(LoadFailure) {
    self.plan = plan
    self.frame = frame
    self.partitions = partitions
    sequences = [Int32](repeating: 0, count: partitions.count)
    sent = [Int64](repeating: 0, count: plan.inFlight)
    keys = KeySource(seed: UInt64(seed), count: UInt64(max(plan.keys, 1)))
    recordsLeft = records
    socket = try LoadSocket(to: plan.target.broker)
  }

  var isDone: Bool { recordsLeft <= 0 && started == answered && socket.isFree }

  func proceed() throws(LoadFailure) {
    while socket.isFree {
      if plan.acks == 0 { answered = started }
      guard recordsLeft > 0, started - answered < plan.inFlight else { return }
      frame.prepare(correlation: correlation, partition: partitions[nextLane], sequence: sequences[nextLane]) {
        keys.next()
      }
      sequences[nextLane] = (sequences[nextLane] &+ frame.recordCount) & Int32.max
      nextLane = (nextLane + 1) % partitions.count
      correlation = (correlation &+ 1) & Int32.max
      sent[started % plan.inFlight] = nanoseconds()
      started += 1
      records += Int(frame.recordCount)
      recordsLeft -= Int(frame.recordCount)
      try socket.send(frame.bytes)
    }
  }

  func answered(_ answer: ByteSlice) throws(LoadFailure) {
    latencies.add(nanoseconds: nanoseconds() - sent[answered % plan.inFlight])
    answered += 1
    let code = try ProduceFrame.outcome(answer).code
    guard code == .none else { throw LoadFailure(reason: "a batch was refused: \(code)") }
  }
}

/// Keys of a given number, in an order that looks random (splitmix64).
package struct KeySource {
  private var state: UInt64
  private let count: UInt64

  /// `count` keys, in an order that `seed` decides.
  package init(seed: UInt64, count: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15
    self.count = count
  }

  /// The next key, from 0 up to their number.
  package mutating func next() -> Int64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int64(((value ^ (value >> 31)) % count))
  }
}
