import ByteCodec
import KafkaWire
import Machine
import Units

extension Producer {
  /// Sends the first closed batch of every lane to its leader, where nothing is under way to that leader.
  func dispatch() throws(ClientError) {
    for (leader, chosen) in readyLanes() {
      do {
        try send(chosen, to: leader)
      } catch {
        try failed(error, at: leader)
      }
    }
  }

  /// Waits for the answers to all that is under way. What has not been acknowledged stays first in its lane.
  func collect() throws(ClientError) {
    for (leader, sent) in underWay {
      underWay[leader] = nil
      do {
        let connection = try client.broker(leader)
        let answer = try connection.receive(ProduceRequest.self)
        try settle(answer, of: sent)
      } catch {
        try failed(error, at: leader)
      }
    }
  }

  /// Lanes with a closed batch by their leaders, within what one request may carry.
  private func readyLanes() -> [Int32: [Int]] {
    var chosen: [Int32: [Int]] = [:]
    var sizes: [Int32: Int] = [:]
    for (place, lane) in lanes.enumerated() {
      guard let batch = lane.closed.first else { continue }
      let leader = topicView.partitions.first { $0.index == lane.partition }?.leader ?? -1
      guard underWay[leader] == nil else { continue }
      let size = sizes[leader, default: 0] + batch.bytes.count
      guard size <= ProducerOptions.requestBytes || sizes[leader] == nil else { continue }
      sizes[leader] = size
      chosen[leader, default: []].append(place)
    }
    return chosen
  }

  private func send(_ chosen: [Int], to leader: Int32) throws(ClientError) {
    guard leader >= 0 else { throw ClientError(ErrorCode.leaderNotAvailable, "topic \(topic)") }
    let connection = try client.broker(leader)
    let partitions = chosen.compactMap { place in
      lanes[place].closed.first.map {
        ProduceRequest.TopicData.PartitionData(index: lanes[place].partition, records: $0.bytes)
      }
    }
    let request = ProduceRequest(
      acks: options.acks, timeoutMs: Int32(clamping: client.options.requestTimeoutMs),
      topicData: [ProduceRequest.TopicData(topicId: topicView.id, name: topic, partitionData: partitions)])
    let newest = topicView.id == .zero ? KafkaClient.newestByName.produce : Int16.max
    try connection.send(
      request, atMost: newest, extraMs: client.options.requestTimeoutMs, isAnswered: options.acks != 0)
    if options.acks == 0 {
      for place in chosen { acknowledge(place) }
    } else {
      underWay[leader] = chosen
    }
  }

  /// Takes in the answer about the lanes `sent`.
  private func settle(_ answer: ProduceResponse, of sent: [Int]) throws(ClientError) {
    let results = answer.responses.first?.partitionResponses ?? []
    var retriable: ClientError?
    for place in sent {
      let partition = lanes[place].partition
      guard let result = results.first(where: { $0.index == partition }) else {
        throw ClientError(.malformedAnswer, "the broker left \(topic)/\(partition) out of its answer")
      }
      let code = ErrorCode(rawValue: result.errorCode)
      let error = ClientError(code, "\(topic)/\(partition)", message: result.errorMessage)
      switch code {
      case .none, .duplicateSequenceNumber:
        acknowledge(place)
      case .messageTooLarge, .recordListTooLarge:
        guard let growth = try lanes[place].splitFirst(as: identity, codec: options.codec, using: compressor) else {
          throw ClientError(code, "\(topic)/\(partition) does not take a record of that size")
        }
        buffered += growth
      default:
        guard error.isRetriable else { throw error }
        retriable = error
      }
    }
    if let retriable { throw retriable }
  }

  private func acknowledge(_ place: Int) {
    guard let batch = lanes[place].removeFirst() else { return }
    totals.records += batch.records.count
    totals.bytes += batch.payload
    buffered -= batch.plain
    backoff.reset()
    lastProgress = client.options.clock.now()
  }

  /// A retriable failure costs a pause and a look at who leads now; any other, or one that lasts, ends it all.
  private func failed(_ error: ClientError, at leader: Int32) throws(ClientError) {
    if error.breaksConnection { client.drop(leader) }
    let patience = lastProgress.advanced(byMs: client.options.retryMs)
    guard error.isRetriable, client.options.clock.now() < patience else { throw error }
    if backoff.tries == 0 { client.options.notice("\(error); trying again") }
    totals.retries += 1
    try client.pause(backoff.nextMs())
    topicView = try client.refreshed(topicView)
  }
}
