import Broker
import ByteCodec
import KafkaWire
import LogStore

/// AlterPartitionReassignments 0-1 (KIP-455, KIP-860): moving a partition to this node is done at once, elsewhere it
/// cannot go, and there is never a move to cancel.
extension KafkaDoor {
  func alterPartitionReassignments(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(AlterPartitionReassignmentsRequest.self)
    var response = AlterPartitionReassignmentsResponse(
      allowReplicationFactorChange: message.allowReplicationFactorChange)
    for topic in message.topics {
      let found = engine.catalogue.topic(named: topic.name)?.description
      let partitions = topic.partitions.map { asked -> AlterPartitionReassignmentsResponse.Response.Partition in
        let fault: Fault?
        if found.map({ 0..<$0.partitionCount ~= asked.partitionIndex }) != true {
          fault = Fault(.unknownTopicOrPartition, "there is no such partition")
        } else if let replicas = asked.replicas {
          fault = ReplicaAssignment(node: engine.nodeID).fault(in: replicas)
        } else {
          fault = Fault(.noReassignmentInProgress, "the partition is not being moved")
        }
        return .init(
          partitionIndex: asked.partitionIndex, errorCode: fault?.code.rawValue ?? 0, errorMessage: fault?.message)
      }
      response.responses.append(.init(name: topic.name, partitions: partitions))
    }
    return .reply(response, after: engine.catalogueChange)
  }
}
