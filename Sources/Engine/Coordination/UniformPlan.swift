/// The uniform assignor's table: who owns each partition, and how much each member has. Time grows with members and
/// partitions and the logarithm of the members, not with their product.
struct UniformPlan {
  private let topics: [Assignor.Topic]
  private let members: [Assignor.Member]
  /// Owners by topic and partition; -1 is nobody.
  private var owners: [[Int]]
  private var load: [Int]
  /// Members in the order of their ids, which breaks ties.
  private let rank: [Int]

  /// Rounds of balancing over all topics. Each move makes the loads more even, so rounds end by themselves long before.
  private static let roundLimit = 64

  /// Takes over from the last assignment what still holds: the topic exists, the member still subscribes, and nobody
  /// else was given it.
  init(_ topics: [Assignor.Topic], _ members: [Assignor.Member]) {
    self.topics = topics
    self.members = members
    owners = topics.map { Array(repeating: -1, count: max(0, Int($0.partitionCount))) }
    load = Array(repeating: 0, count: members.count)
    let order = members.indices.sorted { members[$0].id < members[$1].id }
    var rank = Array(repeating: 0, count: members.count)
    for (place, member) in order.enumerated() { rank[member] = place }
    self.rank = rank
    let places = Dictionary(zip(topics.map(\.id), topics.indices), uniquingKeysWith: { first, _ in first })
    for member in order {
      let subscribed = Set(members[member].topics)
      for one in members[member].previous {
        guard let topic = places[one.topic], subscribed.contains(topic), one.partition >= 0,
          Int(one.partition) < owners[topic].count, owners[topic][Int(one.partition)] < 0
        else { continue }
        owners[topic][Int(one.partition)] = member
        load[member] += 1
      }
    }
  }

  /// All members subscribe to `subscribed`: each gets the same number, and some one more; who has more already keeps it.
  mutating func fillAlike(_ subscribed: [Int]) {
    let total = subscribed.reduce(0) { $0 + owners[$1].count }
    let (share, extra) = total.quotientAndRemainder(dividingBy: members.count)
    var quota = Array(repeating: share, count: members.count)
    let byLoad = members.indices.sorted { load[$0] == load[$1] ? rank[$0] < rank[$1] : load[$0] > load[$1] }
    for member in byLoad.prefix(extra) { quota[member] += 1 }
    // The last partitions go first, so that the early ones stay with who has them.
    for topic in subscribed.reversed() {
      for partition in owners[topic].indices.reversed() {
        let owner = owners[topic][partition]
        guard owner >= 0, load[owner] > quota[owner] else { continue }
        owners[topic][partition] = -1
        load[owner] -= 1
      }
    }
    var takers = members.indices.sorted { rank[$0] < rank[$1] }.filter { load[$0] < quota[$0] }[...]
    for topic in subscribed {
      for partition in owners[topic].indices where owners[topic][partition] < 0 {
        guard let taker = takers.first else { return }
        owners[topic][partition] = taker
        load[taker] += 1
        if load[taker] == quota[taker] { takers.removeFirst() }
      }
    }
  }

  /// Members subscribe to different topics: free partitions go to the least loaded subscriber, the topics with the fewest
  /// subscribers first; then partitions move from the most to the least loaded until no move would even them out.
  mutating func fillMixed() {
    var subscribers: [[Int]] = Array(repeating: [], count: topics.count)
    for member in members.indices.sorted(by: { rank[$0] < rank[$1] }) {
      for topic in members[member].topics where topic < topics.count { subscribers[topic].append(member) }
    }
    let order = topics.indices.filter { !subscribers[$0].isEmpty }.sorted {
      subscribers[$0].count == subscribers[$1].count ? $0 < $1 : subscribers[$0].count < subscribers[$1].count
    }
    for topic in order where owners[topic].contains(where: { $0 < 0 }) {
      var least = LoadHeap(subscribers[topic].map { (load[$0], $0) })
      for partition in owners[topic].indices where owners[topic][partition] < 0 {
        guard let (amount, member) = least.takeFirst() else { break }
        owners[topic][partition] = member
        load[member] += 1
        least.insert((amount + 1, member))
      }
    }
    for _ in 0..<Self.roundLimit {
      var moved = false
      for topic in order where subscribers[topic].count > 1 {
        if balance(topic, among: subscribers[topic]) { moved = true }
      }
      if !moved { return }
    }
  }

  /// Moves partitions of one topic from the most loaded of its owners to the least loaded subscribers. Entries of a heap
  /// whose load has changed since are put back with the right one.
  private mutating func balance(_ topic: Int, among subscribers: [Int]) -> Bool {
    var held: [Int: [Int]] = [:]
    for (partition, owner) in owners[topic].enumerated() where owner >= 0 { held[owner, default: []].append(partition) }
    var least = LoadHeap(subscribers.map { (load[$0], $0) })
    var most = LoadHeap(subscribers.filter { held[$0] != nil }.map { (-load[$0], $0) })
    var moved = false
    while let (negative, donor) = most.takeFirst() {
      guard -negative == load[donor] else {
        if held[donor]?.isEmpty == false { most.insert((-load[donor], donor)) }
        continue
      }
      guard let taker = least.takeFirst(fresh: { load[$0] }), load[donor] - load[taker] > 1 else { return moved }
      guard let partition = held[donor]?.popLast() else { continue }
      owners[topic][partition] = taker
      load[donor] -= 1
      load[taker] += 1
      moved = true
      if held[taker] == nil { most.insert((-load[taker], taker)) }
      held[taker, default: []].append(partition)
      if held[donor]?.isEmpty == false { most.insert((-load[donor], donor)) }
      least.insert((load[taker], taker))
    }
    return moved
  }

  /// What each member has, sorted.
  func result() -> [[TopicPartition]] {
    var result: [[TopicPartition]] = Array(repeating: [], count: members.count)
    for (topic, owners) in zip(topics, owners) {
      for (partition, owner) in owners.enumerated() where owner >= 0 {
        result[owner].append(TopicPartition(topic: topic.id, partition: Int32(partition)))
      }
    }
    for member in result.indices { result[member].sort() }
    return result
  }
}

/// Members by load, the smallest first; equal loads by place.
private struct LoadHeap {
  typealias Entry = (load: Int, member: Int)
  private var entries: [Entry] = []

  init(_ entries: [Entry]) {
    self.entries = entries.sorted(by: Self.precedes)
  }

  private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
    a.load == b.load ? a.member < b.member : a.load < b.load
  }

  mutating func insert(_ entry: Entry) {
    entries.append(entry)
    var place = entries.count - 1
    while place > 0, Self.precedes(entries[place], entries[(place - 1) / 2]) {
      entries.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func takeFirst() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    guard !entries.isEmpty else { return first }
    entries[0] = last
    var place = 0
    while true {
      var smallest = place
      for child in [2 * place + 1, 2 * place + 2] where child < entries.count {
        if Self.precedes(entries[child], entries[smallest]) { smallest = child }
      }
      if smallest == place { return first }
      entries.swapAt(place, smallest)
      place = smallest
    }
  }

  /// The member with the smallest load now: `load` tells it. An entry that is out of date is put back as it should be.
  mutating func takeFirst(fresh load: (Int) -> Int) -> Int? {
    while let entry = takeFirst() {
      let now = load(entry.member)
      if now == entry.load { return entry.member }
      insert((now, entry.member))
    }
    return nil
  }
}
