import ByteCodec
import Coordination
import KafkaWire
import Units

/// OffsetCommit 2-10 (KIP-211 retention, KIP-320 leader epochs, KIP-345 static members, KIP-848 member epochs, topic ids
/// from version 10 on). Answered once the offsets are durable.
extension KafkaDoor {
  func offsetCommit(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(OffsetCommitRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: true)
    return ask(call, for: request, refused: message.refused(.coordinatorNotAvailable)) {
      groups, caller, waiter, context, effects in
      groups.commitOffsets(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension OffsetCommitRequest {
  /// The answer that refuses each partition with `code`.
  fileprivate func refused(_ code: ErrorCode) -> OffsetCommitResponse {
    OffsetCommitResponse(
      topics: topics.map { topic in
        .init(
          topicId: topic.topicId, name: topic.name,
          partitions: topic.partitions.map { .init(partitionIndex: $0.partitionIndex, errorCode: code.rawValue) })
      })
  }
}
