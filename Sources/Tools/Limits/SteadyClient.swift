import ByteCodec
import Compression
import Glibc
import KafkaWire
import Machine
package import Measuring
import Reactor
import RecordFormat
import Units
import WireClient

/// A well-behaved client: a record of 1 KB at a fixed rate, and a reader behind them.
/// An open loop: times count from the moment a record was meant to be sent, however late it was.
package final class SteadyClient: Sendable {
  /// What it saw since it was last asked.
  package struct Sight: Sendable {
    /// From the intended sending to the acknowledgement; of records that are not acknowledged yet, their age.
    package var produced = Latencies()
    /// From the intended sending to the reader.
    package var received = Latencies()
    package var failures = 0
    var firstFailure: String?
  }

  package static let topic = "steady"
  static let recordBytes = 1_000

  private struct Shared: Sendable {
    var sight = Sight()
    /// When the records were meant to be sent that are not acknowledged, in order.
    var underWay: [Int64] = []
    var isStopping = false
  }

  private let shared = Locked(Shared())
  /// Records a second.
  let rate: Int
  private let address: String
  private let intervalNs: Int64
  private let threads = Locked<[NamedThread]>([])

  /// Begins to send `rate` records a second to `address`; its topic is there.
  package init(_ address: String, rate: Int = 200) throws {
    self.address = address
    self.rate = max(rate, 1)
    intervalNs = 1_000_000_000 / Int64(self.rate)
    let producer = try NamedThread(name: "steady-produce") { [self] in whileRunning(produce) }
    let reader = try NamedThread(name: "steady-read") { [self] in whileRunning(read) }
    threads.withLock { $0 = [producer, reader] }
  }

  /// What it saw since the last call.
  package func takeSight() -> Sight {
    let now = nanoseconds()
    return shared.withLock { shared in
      defer { shared.sight = Sight() }
      for moment in shared.underWay { shared.sight.produced.add(nanoseconds: now - moment) }
      return shared.sight
    }
  }

  package func stop() {
    shared.withLock { $0.isStopping = true }
    for thread in threads.withLock({ $0 }) { thread.join() }
  }

  private var isStopping: Bool { shared.withLock { $0.isStopping } }

  /// Runs `session` again and again: a server that was killed comes back.
  private func whileRunning(_ session: () throws -> Void) {
    while !isStopping {
      do {
        try session()
      } catch {
        shared.withLock { shared in
          shared.sight.failures += 1
          if shared.sight.firstFailure == nil { shared.sight.firstFailure = "\(error)" }
        }
        wait(until: nanoseconds() + 20_000_000)
      }
    }
  }

  /// Sends at the intended moments, whether or not what was sent before is acknowledged, as producers do. The moments
  /// begin anew with each connection.
  private func produce() throws {
    let crowd = try Crowd(address)
    let id = try crowd.connect()
    var refusal: Int16 = 0
    shared.withLock { $0.underWay = [] }
    crowd.onFrame = { [self] _, frame in
      let code = RequestFrame.errorCode(ofProduced: frame)
      guard code == 0 else { return refusal = code }
      let now = nanoseconds()
      shared.withLock { shared in
        guard !shared.underWay.isEmpty else { return }
        shared.sight.produced.add(nanoseconds: now - shared.underWay.removeFirst())
      }
    }
    var next = nanoseconds()
    while !isStopping {
      while next <= nanoseconds() {
        let batch = try Self.batch(intended: next)
        let request = ProduceRequest(
          acks: -1, timeoutMs: 30_000,
          topicData: [.init(name: Self.topic, partitionData: [.init(index: 0, records: batch)])])
        shared.withLock { $0.underWay.append(next) }
        crowd.send(RequestFrame.bytes(.produce, request, version: 12), on: id)
        next += intervalNs
      }
      if shared.withLock({ $0.underWay.isEmpty }) { wait(until: next) }
      crowd.poll(ms: 1)
      guard refusal == 0 else { throw MeasuringFailure("a record was refused: error \(refusal)") }
      guard crowd.isOpen(id) else { throw MeasuringFailure("the server closed the connection") }
    }
  }

  private static func batch(intended: Int64) throws(CompressionError) -> ByteSlice {
    var value = [UInt8](repeating: UInt8(ascii: "v"), count: recordBytes)
    for place in 0..<8 { value[place] = UInt8(truncatingIfNeeded: intended >> Int64(56 - 8 * place)) }
    var builder = RecordBatchBuilder(RecordBatchBuilder.Properties())
    builder.append(Record(timestamp: SystemClock().wallClock(), key: nil, value: value))
    return try builder.build(using: Compressor())
  }

  /// Reads from the end on, as far as it is when the connection is made.
  private func read() throws {
    let client = try WireClient(address)
    let ends = try client.call(
      ListOffsetsRequest(
        replicaId: -1, topics: [.init(name: Self.topic, partitions: [.init(partitionIndex: 0, timestamp: -1)])]),
      version: 5, as: ListOffsetsResponse.self)
    var next = ends.topics.first?.partitions.first?.offset ?? 0
    while !isStopping {
      let request = FetchRequest(
        maxWaitMs: 200, minBytes: 1, maxBytes: 1 << 20, sessionEpoch: -1,
        topics: [
          .init(topic: Self.topic, partitions: [.init(partition: 0, fetchOffset: next, partitionMaxBytes: 1 << 20)])
        ])
      let answer = try client.call(request, version: 12, as: FetchResponse.self)
      guard let part = answer.responses.first?.partitions.first, part.errorCode == 0 else {
        throw MeasuringFailure(
          "a fetch was refused: error \(answer.responses.first?.partitions.first?.errorCode ?? -1)")
      }
      guard let records = part.records, !records.isEmpty else { continue }
      let now = nanoseconds()
      for intended in Self.intendedTimes(in: records, next: &next) {
        shared.withLock { $0.sight.received.add(nanoseconds: now - intended) }
      }
    }
  }

  /// The moments that batches of one record each were meant to be sent at.
  private static func intendedTimes(in records: ByteSlice, next: inout Int64) -> [Int64] {
    var times: [Int64] = []
    var rest = records
    while rest.count >= RecordBatchHeader.size {
      let (offset, length) = rest.withUnsafeBytes { bytes in
        (
          Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)),
          Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self)))
        )
      }
      let size = 12 + length
      guard length > 0, size <= rest.count else { break }
      // Behind the value stands the number of headers, a byte.
      let place = size - 1 - recordBytes
      if place > 0 {
        times.append(rest.withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(fromByteOffset: place, as: Int64.self)) })
      }
      next = offset + 1
      rest = rest.dropping(size)
    }
    return times
  }
}
