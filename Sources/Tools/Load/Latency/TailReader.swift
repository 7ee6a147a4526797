import ByteCodec
import KafkaClient
import KafkaWire
import Measuring
import RecordFormat
import Units

/// The consumer of an open loop: waits at the end of all partitions and notes when each record arrives.
final class TailReader: LoadParty {
  /// A partition: where its records of this run begin, and when they ought to have been sent.
  struct Tail {
    var base: Int64
    var schedule: Schedule
    var next: Int64
  }

  let socket: LoadSocket
  let deadline: Int64? = nil
  private let plan: LatencyMode
  private var tails: [Int32: Tail]
  private let order: [Int32]
  private var isWaiting = false
  /// From the time when a record ought to have been sent to its arrival here.
  private(set) var latencies = Latencies()

  init(_ plan: LatencyMode, _ tails: [Int32: Tail]) throws(LoadFailure) {
    self.plan = plan
    self.tails = tails
    order = tails.keys.sorted()
    socket = try LoadSocket(to: plan.target.broker)
  }

  var isDone: Bool { tails.values.allSatisfy { $0.next - $0.base >= Int64($0.schedule.count) } }

  func proceed() throws(LoadFailure) {
    guard !isWaiting, socket.isFree, !isDone else { return }
    isWaiting = true
    let request = FetchAnswer.request(
      plan.target.topic, order.map { ($0, tails[$0]?.next ?? 0) }, maxWaitMs: plan.maxWaitMs, fetchBytes: 50 << 20,
      partitionBytes: 1 << 20)
    try socket.send(request, version: FetchAnswer.version)
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    isWaiting = false
    let now = nanoseconds()
    try FetchAnswer.read(frame) { partition, header, _ throws(LoadFailure) in
      guard var tail = tails[partition] else { throw LoadFailure(reason: "partition \(partition) was not asked for") }
      // A batch may begin before the offset asked for.
      for offset in max(header.baseOffset.value, tail.next)..<max(header.nextOffset.value, tail.next) {
        guard offset == tail.next else {
          throw LoadFailure(reason: "partition \(partition) goes on at \(offset), not \(tail.next)")
        }
        let index = Int(offset - tail.base)
        if index >= tail.schedule.warming { latencies.add(nanoseconds: now - tail.schedule.time(of: index)) }
        tail.next += 1
      }
      tails[partition] = tail
    }
  }
}
