import KafkaWire

/// Checks of the replicas that requests name: this node is the only one there is.
struct ReplicaAssignment {
  let node: Int32

  /// What is wrong with the replicas of one partition, if `count` of them are wanted (nil: as many as there are).
  func fault(in replicas: [Int32], count: Int? = nil) -> Fault? {
    if replicas.isEmpty { return refused("a partition needs a replica") }
    if !replicas.repeated.isEmpty { return refused("a broker holds at most one replica of a partition") }
    if let stranger = replicas.first(where: { $0 != node }) {
      return refused("there is no broker \(stranger); the only one is \(node)")
    }
    guard let count, replicas.count != count else { return nil }
    return refused("\(replicas.count) replicas are named where the topic has \(count)")
  }

  /// What is wrong with the assignments of a whole new topic.
  func fault(in assignments: [CreateTopicsRequest.Topic.Assignment]) -> Fault? {
    if let twice = assignments.map(\.partitionIndex).repeated.min() {
      return refused("partition \(twice) is assigned twice")
    }
    for assignment in assignments {
      if let fault = fault(in: assignment.brokerIds, count: assignments[0].brokerIds.count) { return fault }
    }
    guard assignments.allSatisfy({ 0 <= $0.partitionIndex && Int($0.partitionIndex) < assignments.count }) else {
      return refused("the partitions must be 0 to \(assignments.count - 1), without a gap")
    }
    return nil
  }

  private func refused(_ message: String) -> Fault { Fault(.invalidReplicaAssignment, message) }
}
