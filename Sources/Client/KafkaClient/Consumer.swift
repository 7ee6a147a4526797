import ByteCodec
import Compression
import Glibc
import KafkaWire
import Machine
package import RecordFormat
import Units

/// Reads partitions of one topic without a group, each in order, from places that the caller looked up. It lives through
/// restarts of brokers: it asks again from where it is. Used by one thread.
package final class Consumer {
  /// Where it is in one partition.
  package struct Position: Sendable {
    package var partition: Int32
    /// The offset of the next record.
    package var next: Int64
    /// The offset to stop at, or nil to go on for ever.
    package var end: Int64?

    package init(partition: Int32, next: Int64, end: Int64?) {
      self.partition = partition
      self.next = next
      self.end = end
    }

    /// Whether nothing is left to read.
    package var isDone: Bool { end.map { next >= $0 } ?? false }
  }

  package let topic: String
  package private(set) var positions: [Position]

  private let client: KafkaClient
  private let options: ConsumerOptions
  private var topicView: ClusterView.Topic
  private let decompressor = Decompressor()
  private var underWay: Set<Int32> = []
  private var backoff: Backoff
  private var lastProgress: Instant

  /// A consumer at `positions` of a topic that the client has looked up.
  package init(_ client: KafkaClient, topic: ClusterView.Topic, positions: [Position], options: ConsumerOptions) {
    self.client = client
    self.topic = topic.name
    self.positions = positions
    self.options = options
    topicView = topic
    backoff = Backoff(client.options)
    lastProgress = client.options.clock.now()
  }

  /// Whether all ends have been reached.
  package var isDone: Bool { positions.allSatisfy(\.isDone) }

  /// Asks the leaders, waits for the first answer, and hands its records to `reader` until that has had enough. Returns
  /// without records where there were none in time. Fails when an error lasts or cannot pass.
  package func poll(_ reader: (Int32, RecordView) -> Appetite) throws(ClientError) -> Appetite {
    var leader: Int32 = -1
    do {
      try ask(&leader)
      for ready in try waitForAnswers() {
        leader = ready
        underWay.remove(ready)
        let answer = try client.broker(ready).receive(FetchRequest.self)
        if try take(answer, reader) == .stop { return .stop }
      }
      return .more
    } catch {
      try failed(error, at: leader)
      return .more
    }
  }

  /// Sends a request to each leader that owes no answer. `leader` is the one that was asked last, for the blame.
  private func ask(_ leader: inout Int32) throws(ClientError) {
    var wanted: [Int32: [Position]] = [:]
    for position in positions where !position.isDone {
      let known = topicView.partitions.first { $0.index == position.partition }
      wanted[known?.leader ?? -1, default: []].append(position)
    }
    for (node, places) in wanted where !underWay.contains(node) {
      leader = node
      guard node >= 0 else { throw ClientError(ErrorCode.leaderNotAvailable, "topic \(topic)") }
      let partitions = places.map { place in
        FetchRequest.Topic.Partition(
          partition: place.partition, fetchOffset: place.next, partitionMaxBytes: ConsumerOptions.partitionBytes)
      }
      let request = FetchRequest(
        maxWaitMs: ConsumerOptions.waitMs, minBytes: 1, maxBytes: ConsumerOptions.answerBytes,
        isolationLevel: options.isolation.rawValue,
        topics: [FetchRequest.Topic(topicId: topicView.id, topic: topic, partitions: partitions)])
      let newest = topicView.id == .zero ? KafkaClient.newestByName.fetch : Int16.max
      try client.broker(node).send(request, atMost: newest, extraMs: Int64(ConsumerOptions.waitMs))
      underWay.insert(node)
    }
  }

  /// The leaders whose answers have begun to arrive; all of them where one is overdue, so that reading fails.
  private func waitForAnswers() throws(ClientError) -> [Int32] {
    var entries: [pollfd] = []
    var nodes: [Int32] = []
    var deadline = Instant.distantFuture
    for node in underWay.sorted() {
      let connection = try client.broker(node)
      entries.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
      nodes.append(node)
      deadline = min(deadline, connection.deadline ?? client.options.clock.now())
    }
    while true {
      if client.options.isInterrupted() { throw ClientError(.interrupted, "interrupted") }
      let left = client.options.clock.now().milliseconds(until: deadline)
      let ready = Glibc.poll(&entries, nfds_t(entries.count), Int32(clamping: left))
      if ready > 0 { return zip(nodes, entries).filter { $0.1.revents != 0 }.map(\.0) }
      if ready == 0 { return nodes }
    }
  }

  private func take(_ answer: FetchResponse, _ reader: (Int32, RecordView) -> Appetite) throws(ClientError)
    -> Appetite
  {
    guard answer.errorCode == 0 else { throw ClientError(ErrorCode(rawValue: answer.errorCode), "fetch from \(topic)") }
    lastProgress = client.options.clock.now()
    backoff.reset()
    var retriable: ClientError?
    for partition in answer.responses.first?.partitions ?? [] {
      guard let place = positions.firstIndex(where: { $0.partition == partition.partitionIndex }) else { continue }
      let code = ErrorCode(rawValue: partition.errorCode)
      switch code {
      case .none:
        if try read(partition, at: place, reader) == .stop { return .stop }
      case .offsetOutOfRange:
        try skipWhatIsGone(place)
      default:
        let error = ClientError(code, "\(topic)/\(partition.partitionIndex) at offset \(positions[place].next)")
        guard error.isRetriable else { throw error }
        retriable = error
      }
    }
    if let retriable { throw retriable }
    return .more
  }

  /// Hands on the records of one partition, and moves past each as it is taken.
  private func read(
    _ fetched: FetchResponse.Response.Partition, at place: Int, _ reader: (Int32, RecordView) -> Appetite
  ) throws(ClientError) -> Appetite {
    guard let bytes = fetched.records else { return .more }
    var aborted = AbortedTransactions(options.isolation == .readCommitted ? fetched.abortedTransactions : nil)
    var walk = RecordBatchWalk(bytes)
    let partition = fetched.partitionIndex
    do {
      while let batch = try walk.next() {  // each turn takes a batch
        let isHidden = aborted.hides(batch.header)
        guard batch.header.lastOffset.value >= positions[place].next else { continue }
        guard batch.checksumMatches else { throw WireError.badValue }
        var records = try RecordReader(batch, scratch: decompressor)
        while let record = try records.next() {
          if batch.header.isControl {
            if try TransactionMarker(record).kind == .abort { aborted.ended(batch.header.producerID) }
            continue
          }
          guard !isHidden, record.offset.value >= positions[place].next else { continue }
          if let end = positions[place].end, record.offset.value >= end {
            positions[place].next = end
            return .more
          }
          positions[place].next = record.offset.value &+ 1
          if reader(partition, record) == .stop { return .stop }
        }
        positions[place].next = max(positions[place].next, batch.header.nextOffset.value)
      }
    } catch {
      throw ClientError(
        .malformedAnswer,
        "\(topic)/\(partition): the batch at or after offset \(positions[place].next) is damaged (\(error))")
    }
    return .more
  }

  /// Retention or a deletion has taken the records at this place: goes on with the first that is there.
  private func skipWhatIsGone(_ place: Int) throws(ClientError) {
    let position = positions[place]
    let first = try client.offsets(.earliest, topic: topic, partitions: [position.partition])
    let last = try client.offsets(.latest, topic: topic, partitions: [position.partition])
    let start = first[position.partition] ?? 0
    let end = last[position.partition] ?? start
    guard position.next < start || position.next > end else { return }
    let target = position.next < start ? start : end
    client.options.notice(
      "\(topic)/\(position.partition): offset \(position.next) is outside the log, which holds \(start) to \(end); "
        + "going on at \(target)")
    positions[place].next = target
  }

  /// A retriable failure costs a pause and a look at who leads now; any other, or one that lasts, ends it all.
  private func failed(_ error: ClientError, at leader: Int32) throws(ClientError) {
    if error.breaksConnection {
      client.drop(leader)
      underWay.remove(leader)
    }
    let patience = lastProgress.advanced(byMs: client.options.retryMs)
    guard error.isRetriable, client.options.clock.now() < patience else { throw error }
    if backoff.tries == 0 { client.options.notice("\(error); trying again") }
    try client.pause(backoff.nextMs())
    topicView = try client.refreshed(topicView)
  }
}
