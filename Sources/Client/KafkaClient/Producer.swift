import ByteCodec
import Compression
import KafkaWire
import Machine
package import RecordFormat
import Units

/// Writes records to one topic, in batches, each partition in order. While a batch of every partition is under way, the
/// next ones fill. Lost connections and retriable errors are answered by sending the very same batch again, which an
/// idempotent producer's broker recognises. Used by one thread.
package final class Producer {
  package let topic: String
  package internal(set) var totals = ProducerTotals()

  let client: KafkaClient
  let options: ProducerOptions
  var lanes: [ProducerLane] = []
  var identity = ProducerIdentity()
  let compressor = Compressor()
  /// By broker: the lanes (by their place in `lanes`) whose first batch is under way there.
  var underWay: [Int32: [Int]] = [:]
  /// Bytes of closed batches, before compression.
  var buffered = 0
  var backoff: Backoff
  var lastProgress: Instant
  var topicView: ClusterView.Topic
  /// Where records without a key go until the batch is closed.
  private var sticky = 0

  /// Looks the topic up, makes it where that is wished, and asks for a producer number.
  package init(_ client: KafkaClient, topic: String, options: ProducerOptions) throws(ClientError) {
    self.client = client
    self.topic = topic
    self.options = options
    backoff = Backoff(client.options)
    lastProgress = client.options.clock.now()
    topicView = try client.topic(topic, createsMissing: options.createsTopic)
    lanes = topicView.partitions.map { ProducerLane(partition: $0.index) }
    if let partition = options.partition, !lanes.contains(where: { $0.partition == partition }) {
      throw ClientError(
        ErrorCode.unknownTopicOrPartition,
        "topic \(topic) has \(lanes.count) partitions, and \(partition) is none of them")
    }
    if options.isIdempotent { identity = try Producer.identity(from: client) }
    stickElsewhere()
  }

  /// Whether records have been taken that no broker has acknowledged yet.
  package var hasUnsent: Bool { lanes.contains { !$0.isEmpty } }

  /// Takes a record. Waits where the buffer is full. Fails when a batch can finally not be written.
  package func append(_ record: Record) throws(ClientError) {
    let lane = lane(for: record.key)
    let size = (record.key?.count ?? 0) + (record.value?.count ?? 0)
    if lanes[lane].fillingSize > 0, lanes[lane].fillingSize + size > options.batchBytes { try close(lane) }
    lanes[lane].append(record, as: identity, codec: options.codec)
    if lanes[lane].fillingSize >= options.batchBytes { try close(lane) }
  }

  /// Sends all that has been taken, and waits for it to be acknowledged.
  package func flush() throws(ClientError) {
    for lane in lanes.indices { buffered += try lanes[lane].close(as: identity, using: compressor) }
    while hasUnsent || !underWay.isEmpty {
      try dispatch()
      try collect()
    }
  }

  private func lane(for key: ByteSlice?) -> Int {
    if let partition = options.partition { return lanes.firstIndex { $0.partition == partition } ?? 0 }
    guard let key else { return sticky }
    return Int(Partitioner.partition(forKey: key, of: Int32(clamping: lanes.count)))
  }

  /// Closes a batch and gets it on its way: at once if no request is under way, else after that one.
  private func close(_ lane: Int) throws(ClientError) {
    buffered += try lanes[lane].close(as: identity, using: compressor)
    if lane == sticky { stickElsewhere() }
    if !underWay.isEmpty, lanes[lane].closed.count > 1 || buffered > ProducerOptions.bufferBytes { try collect() }
    try dispatch()
    while buffered > ProducerOptions.bufferBytes {
      try collect()
      try dispatch()
    }
  }

  /// The next keyless records go to another partition, so that all get their share.
  private func stickElsewhere() {
    guard lanes.count > 1 else { return }
    let others = lanes.indices.filter { $0 != sticky }
    sticky = others[Int(client.options.entropy.next() % UInt64(others.count))]
  }

  private static func identity(from client: KafkaClient) throws(ClientError) -> ProducerIdentity {
    try client.retrying { () throws(ClientError) -> ProducerIdentity in
      let answer: InitProducerIdResponse
      do throws(ClientError) {
        let broker = try client.anyBroker()
        answer = try client.exchange(InitProducerIdRequest(transactionTimeoutMs: 60_000), on: broker)
      } catch {
        guard error.kind == .unsupported else { throw error }
        client.options.notice("\(error): a batch that is sent twice may be stored twice")
        return ProducerIdentity()
      }
      guard answer.errorCode == 0 else {
        throw ClientError(ErrorCode(rawValue: answer.errorCode), "a producer number was asked for")
      }
      return ProducerIdentity(id: answer.producerId, epoch: answer.producerEpoch)
    }
  }
}
