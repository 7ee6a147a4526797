import ByteCodec
import KafkaClient
import KafkaWire
import RecordFormat
import Units

/// One consumer: a fetch under way, from where the last one ended, until its partitions are read.
final class Fetcher: LoadParty {
  /// What is to be read of a partition.
  struct Span {
    var partition: Int32
    var start: Int64
    var end: Int64
  }

  let socket: LoadSocket
  let deadline: Int64? = nil
  private let plan: ConsumeMode
  private let spans: [Span]
  /// Where each partition is read on.
  private var next: [Int32: Int64]
  private var isWaiting = false
  private var passesLeft: Int

  private(set) var records = 0
  private(set) var bytes = 0
  private(set) var answers = 0

  init(_ plan: ConsumeMode, _ spans: [Span]) throws(LoadFailure) {
    self.plan = plan
    self.spans = spans
    passesLeft = plan.passes
    next = Dictionary(spans.map { ($0.partition, $0.start) }) { $1 }
    socket = try LoadSocket(to: plan.target.broker)
  }

  var isDone: Bool { passesLeft == 0 && !isWaiting }

  func proceed() throws(LoadFailure) {
    guard !isWaiting, passesLeft > 0, socket.isFree else { return }
    var unread = positions()
    if unread.isEmpty {
      passesLeft -= 1
      guard passesLeft > 0 else { return }
      next = Dictionary(spans.map { ($0.partition, $0.start) }) { $1 }
      unread = positions()
    }
    isWaiting = true
    let request = FetchAnswer.request(
      plan.target.topic, unread, maxWaitMs: 500, fetchBytes: plan.fetchBytes, partitionBytes: plan.partitionBytes)
    try socket.send(request, version: FetchAnswer.version)
  }

  private func positions() -> [(partition: Int32, offset: Int64)] {
    spans.compactMap { span in
      let offset = next[span.partition] ?? span.start
      return offset < span.end ? (span.partition, offset) : nil
    }
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    isWaiting = false
    answers += 1
    try FetchAnswer.read(frame) { partition, header, size throws(LoadFailure) in
      guard let expected = next[partition] else {
        throw LoadFailure(reason: "partition \(partition) was not asked for")
      }
      guard header.baseOffset.value == expected else {
        // A first answer may begin with a batch that holds the offset asked for behind others.
        guard header.baseOffset.value < expected, header.nextOffset.value > expected else {
          throw LoadFailure(reason: "partition \(partition) goes on at \(header.baseOffset.value), not \(expected)")
        }
        next[partition] = header.nextOffset.value
        return
      }
      next[partition] = header.nextOffset.value
      records += Int(header.recordCount)
      bytes += size
    }
  }
}
