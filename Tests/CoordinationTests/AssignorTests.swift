import Coordination
import Testing
import Units

@Suite struct AssignorTests {
  private func topics(_ counts: [Int32]) -> [Assignor.Topic] {
    counts.enumerated().map {
      Assignor.Topic(id: UniqueID(high: 1, low: UInt64($0.offset + 1)), partitionCount: $0.element)
    }
  }

  private func members(_ subscriptions: [[Int]], _ previous: [[TopicPartition]]? = nil) -> [Assignor.Member] {
    subscriptions.enumerated().map { place, topics in
      Assignor.Member(id: String(1_000 + place), topics: topics, previous: previous?[place] ?? [])
    }
  }

  /// Each partition of a subscribed topic belongs to one member that subscribes to it.
  private func expectComplete(
    _ result: [[TopicPartition]], _ topics: [Assignor.Topic], _ members: [Assignor.Member]
  ) {
    var owned: Set<TopicPartition> = []
    for (share, member) in zip(result, members) {
      let allowed = Set(member.topics.map { topics[$0].id })
      for partition in share {
        #expect(allowed.contains(partition.topic))
        #expect(owned.insert(partition).inserted)
      }
    }
    let wanted = Set(members.flatMap(\.topics)).reduce(0) { $0 + Int(topics[$1].partitionCount) }
    #expect(owned.count == wanted)
  }

  /// No member has two more than another that could take one of its partitions.
  private func expectBalanced(
    _ result: [[TopicPartition]], _ topics: [Assignor.Topic], _ members: [Assignor.Member]
  ) {
    var least: [UniqueID: Int] = [:]
    for (share, member) in zip(result, members) {
      for topic in member.topics { least[topics[topic].id] = min(least[topics[topic].id] ?? .max, share.count) }
    }
    for share in result {
      for partition in share { #expect(share.count - (least[partition.topic] ?? 0) <= 1) }
    }
  }

  @Test func uniformIsEvenCompleteAndKeepsWhatItCan() {
    var dice = Dice(state: 5)
    for _ in 0..<150 {
      let topics = topics((0..<Int.random(in: 1...6, using: &dice)).map { _ in Int32.random(in: 0...12, using: &dice) })
      let all = Array(topics.indices)
      var group = members((0..<Int.random(in: 1...9, using: &dice)).map { _ in all })
      let first = Assignor.uniform.assign(topics, to: group)
      expectComplete(first, topics, group)
      expectBalanced(first, topics, group)
      for place in group.indices { group[place].previous = first[place] }
      #expect(Assignor.uniform.assign(topics, to: group) == first)

      group.append(Assignor.Member(id: "2000", topics: all))
      let joined = Assignor.uniform.assign(topics, to: group)
      expectComplete(joined, topics, group)
      expectBalanced(joined, topics, group)
      // Only what the new one gets has moved.
      let moved = zip(first, joined).reduce(0) { $0 + Set($1.1).subtracting($1.0).count }
      #expect(moved == 0)
    }
  }

  @Test func uniformBalancesMixedSubscriptionsAndKeepsWhatItCan() {
    var dice = Dice(state: 6)
    for _ in 0..<150 {
      let topics = topics((0..<Int.random(in: 1...8, using: &dice)).map { _ in Int32.random(in: 1...12, using: &dice) })
      var group = members(
        (0..<Int.random(in: 2...9, using: &dice)).map { _ in topics.indices.filter { _ in dice.one(in: 2) } })
      let first = Assignor.uniform.assign(topics, to: group)
      expectComplete(first, topics, group)
      expectBalanced(first, topics, group)
      for place in group.indices { group[place].previous = first[place] }
      #expect(Assignor.uniform.assign(topics, to: group) == first)
      group.removeFirst()
      let left = Assignor.uniform.assign(topics, to: group)
      expectComplete(left, topics, group)
      expectBalanced(left, topics, group)
    }
  }

  @Test func uniformForgetsWhatIsGone() {
    let before = [[TopicPartition(topic: UniqueID(high: 1, low: 1), partition: 9), .init(topic: .zero, partition: 0)]]
    let topics = topics([3])
    let result = Assignor.uniform.assign(topics, to: members([[0]], before))
    #expect(result.map { $0.map(\.partition) } == [[0, 1, 2]])
    #expect(Assignor.uniform.assign(topics, to: []).isEmpty)
    // Two members that were given the same partition: one keeps it.
    let twice = [TopicPartition(topic: topics[0].id, partition: 0)]
    let group = members([[0], [0]], [twice, twice])
    expectComplete(Assignor.uniform.assign(topics, to: group), topics, group)
  }

  @Test func rangeGivesNeighboursAndTheSameNumbersOfEqualTopics() {
    let topics = topics([5, 5, 1])
    let group = members([[0, 1, 2], [0, 1, 2], [0, 1]])
    let result = Assignor.range.assign(topics, to: group)
    expectComplete(result, topics, group)
    #expect(result[0].map(\.partition) == [0, 1, 0, 1, 0])
    #expect(result[1].map(\.partition) == [2, 3, 2, 3])
    #expect(result[2].map(\.partition) == [4, 4])
  }

  @Test func rangeOrdersStaticMembersByInstance() {
    let topics = topics([2])
    let first = Assignor.Member(id: "a", instanceID: "z", topics: [0])
    let second = Assignor.Member(id: "b", instanceID: "y", topics: [0])
    let dynamic = Assignor.Member(id: "0", topics: [0])
    let result = Assignor.range.assign(topics, to: [first, second, dynamic])
    #expect(result.map { $0.map(\.partition) } == [[1], [0], []])
  }

  /// Time that grew with members times partitions would be thousands of times what is allowed here.
  @Test(arguments: Assignor.allCases, [false, true])
  func aThousandMembersTakeNoTime(assignor: Assignor, mixed: Bool) {
    let topics = topics(Array(repeating: 100, count: 50))
    let group = members(
      (0..<1_000).map { member in mixed ? (0..<50).filter { ($0 + member) % 3 != 0 } : Array(0..<50) })
    let clock = ContinuousClock()
    var result: [[TopicPartition]] = []
    let took = clock.measure { result = assignor.assign(topics, to: group) }
    #expect(took < .seconds(10))
    expectComplete(result, topics, group)
    if assignor == .uniform { #expect(result.allSatisfy { $0.count == 5 }) }
  }
}
