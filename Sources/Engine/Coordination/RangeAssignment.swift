/// The range assignor: each topic is cut into runs of neighbours, one for each member that subscribes to it. Static
/// members come first, by instance id, so that a restart under a new member id moves nothing.
enum RangeAssignment {
  static func assign(_ topics: [Assignor.Topic], to members: [Assignor.Member]) -> [[TopicPartition]] {
    let order = members.indices.sorted { precedes(members[$0], members[$1]) }
    var subscribers: [[Int]] = Array(repeating: [], count: topics.count)
    for member in order {
      for topic in members[member].topics where topic < topics.count { subscribers[topic].append(member) }
    }
    var result: [[TopicPartition]] = Array(repeating: [], count: members.count)
    for (topic, takers) in zip(topics, subscribers) where !takers.isEmpty {
      let count = max(0, Int(topic.partitionCount))
      let (share, extra) = count.quotientAndRemainder(dividingBy: takers.count)
      var next = 0
      for (place, member) in takers.enumerated() {
        let end = next + share + (place < extra ? 1 : 0)
        for partition in next..<end {
          result[member].append(TopicPartition(topic: topic.id, partition: Int32(partition)))
        }
        next = end
      }
    }
    for member in result.indices { result[member].sort() }
    return result
  }

  private static func precedes(_ a: Assignor.Member, _ b: Assignor.Member) -> Bool {
    switch (a.instanceID, b.instanceID) {
    case (let a?, let b?): a < b
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): a.id < b.id
    }
  }
}
