import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Units

/// TxnOffsetCommit 0-5 (KIP-98, KIP-447 members, KIP-890: version 5 adds the group's partition to the transaction). The
/// offsets count when the transaction commits.
extension KafkaDoor {
  func txnOffsetCommit(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(TxnOffsetCommitRequest.self)
    guard !message.groupId.isEmpty else {
      meters.failed(.txnOffsetCommit)
      return .reply(message.refused(.invalidGroupId), after: .start)
    }
    // Offsets of topics that are not there are no part of a transaction.
    guard message.topics.isEmpty || message.topics.contains(where: { engine.catalogue.id(of: $0.name) != nil }) else {
      return .reply(message.refused(.unknownTopicOrPartition), after: engine.catalogueChange)
    }
    let producer = ProducerIdentity(id: message.producerId, epoch: message.producerEpoch)
    let entered = engine.enterTransaction(
      message.transactionalId, producer, offsetsOf: message.groupId, .offsetCommit(version: request.version))
    guard entered.value == .none else {
      meters.failed(.txnOffsetCommit)
      return .reply(message.refused(entered.value), after: entered.sequence)
    }
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: true)
    return ask(call, for: request, refused: message.refused(.coordinatorNotAvailable)) {
      groups, caller, waiter, context, effects in
      groups.stageOffsets(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension TxnOffsetCommitRequest {
  fileprivate func refused(_ code: ErrorCode) -> TxnOffsetCommitResponse {
    TxnOffsetCommitResponse(
      topics: topics.map { topic in
        .init(
          name: topic.name,
          partitions: topic.partitions.map { .init(partitionIndex: $0.partitionIndex, errorCode: code.rawValue) })
      })
  }
}
