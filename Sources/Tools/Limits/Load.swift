import ByteCodec
import Compression
import KafkaWire
import Machine
import Measuring
import RecordFormat
import Units

/// Producers that send as fast as they are answered, from one thread.
package final class Load {
  /// A partition that is produced to.
  package struct Target {
    var topic: String
    var partition: Int32

    package init(topic: String, partition: Int32) {
      self.topic = topic
      self.partition = partition
    }
  }

  private let crowd: Crowd
  private let batch: ByteSlice
  private let recordsInBatch: Int
  private let targets: [Target]
  private let window: Int
  private var next = 0
  private var underWay: [Int: Int] = [:]
  package private(set) var batches = 0
  package private(set) var refusals: [Int16: Int] = [:]
  package private(set) var lost = 0
  /// Behind the last acknowledged record of each partition, of whatever topic.
  package private(set) var ends: [Int32: Int64] = [:]
  /// Nothing more is begun.
  private var isEnding = false
  private(set) var latencies = Latencies()
  private var sentAt: [Int: [Int64]] = [:]
  private var correlation: Int32 = 0

  /// `connections` producers with `window` requests under way each, a batch of `batchBytes` a request, over `targets` by
  /// turns.
  package init(
    _ address: String, targets: [Target], connections: Int, window: Int, batchBytes: Int, keyed: Bool = false
  ) throws {
    crowd = try Crowd(address)
    (batch, recordsInBatch) = try Self.batch(bytes: batchBytes, keyed: keyed)
    self.targets = targets
    self.window = window
    crowd.onFrame = { [unowned self] in answered($0, $1) }
    crowd.onClosed = { [unowned self] id in
      lost += 1
      underWay[id] = nil
      sentAt[id] = nil
    }
    for _ in 0..<connections { underWay[try crowd.connect()] = 0 }
  }

  var batchBytes: Int { batch.count }

  /// Produces for `seconds`, or until `limit` batches are acknowledged; what is under way then is waited for.
  package func run(seconds: Double, batches limit: Int = .max) {
    produce(seconds: seconds, batches: limit)
    isEnding = true
    crowd.run(seconds: 60, until: { underWay.values.allSatisfy { $0 == 0 } })
  }

  /// Produces for `seconds`, ends the server while batches are under way, and takes the answers that had left.
  func run(seconds: Double, ending end: () -> Void) {
    produce(seconds: seconds, batches: .max)
    end()
    isEnding = true
    crowd.run(seconds: 10, until: { underWay.isEmpty })
  }

  private func produce(seconds: Double, batches limit: Int) {
    isEnding = false
    for id in underWay.keys.sorted() { fill(id) }
    crowd.run(seconds: seconds, until: { batches >= limit || underWay.isEmpty })
  }

  package func close() { crowd.closeAll() }

  private func fill(_ id: Int) {
    while !isEnding, let count = underWay[id], count < window {
      let target = targets[next]
      next = (next + 1) % targets.count
      underWay[id] = count + 1
      correlation = correlation &+ 1
      sentAt[id, default: []].append(nanoseconds())
      crowd.send(
        RequestFrame.bytes(
          .produce,
          ProduceRequest(
            acks: -1, timeoutMs: 30_000,
            topicData: [
              .init(name: target.topic, partitionData: [.init(index: target.partition, records: batch)])
            ]), version: 12, correlation: correlation), on: id)
    }
  }

  private func answered(_ id: Int, _ frame: ByteSlice) {
    underWay[id, default: 1] -= 1
    if let moment = sentAt[id]?.first {
      sentAt[id]?.removeFirst()
      latencies.add(nanoseconds: nanoseconds() - moment)
    }
    let produced = RequestFrame.produced(frame)
    if let produced, produced.errorCode == 0 {
      batches += 1
      ends[produced.index] = max(ends[produced.index] ?? 0, produced.baseOffset + Int64(recordsInBatch))
    } else {
      refusals[produced?.errorCode ?? -1, default: 0] += 1
    }
    fill(id)
  }

  /// A batch of about `bytes`, in records of 1 KB or of all of it; the first of `producer`, if there is one.
  static func batch(bytes: Int, producer: Int64? = nil) throws(CompressionError) -> ByteSlice {
    try batch(bytes: bytes, keyed: false, producer: producer).bytes
  }

  private static func batch(
    bytes: Int, keyed: Bool, producer: Int64? = nil
  ) throws(CompressionError) -> (bytes: ByteSlice, records: Int) {
    var properties = RecordBatchBuilder.Properties()
    if let producer {
      properties.producerID = producer
      properties.producerEpoch = 0
      properties.baseSequence = 0
    }
    var builder = RecordBatchBuilder(properties)
    let size = min(max(bytes - RecordBatchHeader.size - 16, 1), 1_000)
    let value = (0..<size).map { UInt8(truncatingIfNeeded: 97 + ($0 * 7 + $0 / 26) % 26) }
    let count = max((bytes - RecordBatchHeader.size) / (size + 12), 1)
    for number in 0..<count {
      let key = keyed ? Array("key-\(number)".utf8) : nil
      builder.append(Record(timestamp: SystemClock().wallClock(), key: key, value: value))
    }
    return (try builder.build(using: Compressor()), count)
  }

  /// Makes a topic and puts about `bytes` into each of its partitions.
  static func fill(
    _ topic: String, partitions: Int = 1, bytes: Int, settings: [(String, String)] = [], keyed: Bool = false,
    at address: String
  ) throws {
    try Topics.make(topic, partitions: partitions, settings: settings, at: address)
    let targets = (0..<partitions).map { Target(topic: topic, partition: Int32($0)) }
    let load = try Load(address, targets: targets, connections: 2, window: 2, batchBytes: 512 << 10, keyed: keyed)
    let wanted = max(bytes * partitions / load.batchBytes, 1)
    load.run(seconds: 3_600, batches: wanted)
    load.close()
    guard load.batches >= wanted, load.refusals.isEmpty else {
      throw MeasuringFailure(
        "topic \(topic) could not be filled: refusals \(load.refusals), \(load.lost) connections lost")
    }
  }
}
