import Broker
import ByteCodec
import KafkaWire
import LogStore
import RecordFormat
import Settings
import Units

/// ListOffsets 1-11: by timestamp, and the special ones -1 latest, -2 earliest, -3 greatest timestamp (KIP-734), -4
/// earliest local, -5 latest tiered, -6 earliest pending upload (KIP-1005, KIP-1023); nothing is tiered here.
extension KafkaDoor {
  func listOffsets(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ListOffsetsRequest.self)
    let answer = PendingOffsets(message, request)
    for (topicAt, topic) in message.topics.enumerated() {
      let found = engine.catalogue.topic(named: topic.name)
      var seen: Set<Int32> = []
      for (partitionAt, asked) in topic.partitions.enumerated() {
        let place = (topicAt, partitionAt)
        guard seen.insert(asked.partitionIndex).inserted else {
          answer.fail(place, .invalidRequest)
          continue
        }
        guard let found,
          let partition = engine.store.partition(PartitionKey(topic: found.description.id, index: asked.partitionIndex))
        else {
          answer.after = max(answer.after, engine.catalogue.lastChange)
          answer.fail(place, .unknownTopicOrPartition)
          continue
        }
        if asked.currentLeaderEpoch >= 0, asked.currentLeaderEpoch != engine.store.epoch {
          let isOld = asked.currentLeaderEpoch < engine.store.epoch
          answer.fail(place, isOld ? .fencedLeaderEpoch : .unknownLeaderEpoch)
          continue
        }
        look(up: asked.timestamp, in: partition, committed: message.isolationLevel == 1, place, answer)
      }
    }
    answer.allAsked()
    return .later
  }

  private func look(
    up timestamp: Int64, in partition: PartitionLog, committed: Bool, _ place: (Int, Int), _ answer: PendingOffsets
  ) {
    let epoch = engine.store.epoch
    let end = committed ? partition.stableEnd : partition.durable.end
    let minimumVersion: [Int64: Int16] = [-3: 7, -4: 8, -5: 9, -6: 11]
    if timestamp < -6 || answer.request.version < minimumVersion[timestamp] ?? 0 {
      return answer.fail(place, .unsupportedVersion)
    }
    switch timestamp {
    case -1: answer.give(place, end, .none, epoch)
    case -2, -4:
      answer.give(place, partition.durableStart, .none, partition.epochs.epoch(at: partition.durableStart) ?? epoch)
    case -5, -6: answer.give(place, Offset(-1), .none, -1)
    default:
      answer.open += 1
      let sought: TimestampSought = timestamp == -3 ? .latest : .atOrAfter(Timestamp(milliseconds: timestamp))
      engine.lookUp(sought, in: partition) { found in
        answer.open -= 1
        switch found {
        case .found(let record) where record.offset < end:
          answer.give(place, record.offset, record.timestamp, partition.epochs.epoch(at: record.offset) ?? epoch)
        case .found, .nothing: answer.give(place, Offset(-1), .none, -1)
        case .damaged: answer.fail(place, .kafkaStorageError)
        }
        answer.sendWhenComplete()
      }
    }
  }
}

/// A ListOffsets whose look-ups are under way.
private final class PendingOffsets {
  let request: Request
  var response: ListOffsetsResponse
  var after = JournalSequence.start
  /// Look-ups without an answer.
  var open = 0
  private var isComplete = false

  init(_ message: ListOffsetsRequest, _ request: Request) {
    self.request = request
    response = ListOffsetsResponse(
      topics: message.topics.map { topic in
        .init(name: topic.name, partitions: topic.partitions.map { .init(partitionIndex: $0.partitionIndex) })
      })
  }

  func fail(_ place: (Int, Int), _ code: ErrorCode) {
    response.topics[place.0].partitions[place.1].errorCode = code.rawValue
  }

  func give(_ place: (Int, Int), _ offset: Offset, _ timestamp: Timestamp, _ epoch: Int32) {
    response.topics[place.0].partitions[place.1].offset = offset.value
    response.topics[place.0].partitions[place.1].timestamp = timestamp.milliseconds
    response.topics[place.0].partitions[place.1].leaderEpoch = epoch
  }

  func allAsked() {
    isComplete = true
    sendWhenComplete()
  }

  func sendWhenComplete() {
    guard isComplete, open == 0 else { return }
    request.connection.answer(request, response, after: after)
  }
}
