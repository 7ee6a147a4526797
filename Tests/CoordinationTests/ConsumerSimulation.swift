import Coordination
import KafkaWire
import Units

/// Clients of one consumer group and the lines between them and the server, which lose, repeat, delay and reorder: the
/// script of KAFKA-17754, where a request of an old connection arrives behind those of a new one.
struct ConsumerSimulation {
  struct Client {
    var id: String
    var instance: String?
    var pattern: String?
    var epoch: Int32 = 0
    var owned: Set<TopicPartition> = []
    var wanted: Set<TopicPartition> = []
    /// The number of the request it waits for; nil while it waits for none.
    var awaits: Int?
    var mustSayAll = true
    var said: Set<TopicPartition>?
    /// The server has removed it, and it has not learned so yet: what it believes does not count.
    var isFenced = false
  }

  struct Letter {
    var number: Int
    var client: String
    var request: ConsumerGroupHeartbeatRequest
  }

  struct Answer {
    var number: Int
    var client: String
    var response: ConsumerGroupHeartbeatResponse
    /// How often the server had removed the member when it answered.
    var removals: Int
  }

  let bench = ConsumerBench()
  var dice: Dice
  var clients: [Client] = []
  var letters: [Letter] = []
  var answers: [Answer] = []
  var violations: [String] = []
  var heartbeats = 0
  /// How often the server has removed each member.
  private var removals: [String: Int] = [:]
  private var present: Set<String> = []
  private var numbers = 0
  private var names = 0

  /// Letters that may be under way: beyond, old ones are lost.
  private static let lineLimit = 60

  init(seed: UInt64) {
    dice = Dice(state: seed)
    bench.topics.make("t", 7)
    bench.topics.make("u", 4)
    for _ in 0..<3 { addClient() }
  }

  mutating func addClient(instance: String? = nil) {
    names += 1
    let isStatic = instance == nil && dice.one(in: 4)
    clients.append(
      Client(
        id: "m\(names)", instance: instance ?? (isStatic ? "i\(names)" : nil), pattern: dice.one(in: 4) ? "t|u" : nil))
  }

  mutating func step() {
    bench.wait(Int64.random(in: 0...(dice.one(in: 50) ? 50_000 : 300), using: &dice))
    noteRemovals()
    switch Int.random(in: 0..<100, using: &dice) {
    case 0..<35: if let place = clients.indices.randomElement(using: &dice) { call(place) }
    case 35..<62: deliverLetter()
    case 62..<80: deliverAnswer()
    case 80..<86: if let place = clients.indices.randomElement(using: &dice) { giveUpSurplus(place) }
    case 86..<90: if let place = clients.indices.randomElement(using: &dice) { loseAnswer(place) }
    case 90..<92: bench.matchPatterns()
    case 92: if clients.count < 7 { addClient() }
    case 93: endClient()
    case 94: changeTopics()
    case 95: if dice.one(in: 4) { bench.restart() }
    default: break
    }
    noteRemovals()
    checkOwners()
  }

  /// A client that waits for nothing calls; it says what has changed, or all of it after a failure.
  mutating func call(_ place: Int) {
    guard clients[place].awaits == nil else { return }
    var client = clients[place]
    numbers += 1
    var request = ConsumerGroupHeartbeatRequest(
      groupId: "g", memberId: client.id, memberEpoch: client.epoch, instanceId: client.instance)
    if client.mustSayAll || client.epoch == 0 {
      request.rebalanceTimeoutMs = 30_000
      if client.pattern == nil { request.subscribedTopicNames = ["t", "u"] }
      request.subscribedTopicRegex = client.pattern
    }
    if client.mustSayAll || client.epoch == 0 || client.said != client.owned {
      request.topicPartitions = Self.wire(client.owned)
      client.said = client.owned
    }
    client.awaits = numbers
    clients[place] = client
    letters.append(Letter(number: numbers, client: client.id, request: request))
    if letters.count > Self.lineLimit { letters.removeFirst() }
  }

  static func wire(_ partitions: Set<TopicPartition>) -> [ConsumerGroupHeartbeatRequest.TopicPartition] {
    Set(partitions.map(\.topic)).sorted().map { topic in
      .init(topicId: topic, partitions: partitions.filter { $0.topic == topic }.map(\.partition).sorted())
    }
  }

  /// Any letter, not the oldest; some stay on the line and arrive once more.
  mutating func deliverLetter() {
    guard let place = letters.indices.randomElement(using: &dice) else { return }
    let letter = letters[place]
    if !dice.one(in: 3) { letters.remove(at: place) }
    deliver(letter)
  }

  mutating func deliver(_ letter: Letter) {
    heartbeats += 1
    let wasFenced = clients.first { $0.id == letter.client }?.isFenced ?? false
    let response = bench.send(letter.request)
    noteRemovals()
    if wasFenced, letter.request.memberEpoch > 0, response.error == .none {
      violations.append("a fenced member is served: \(letter.client) at \(letter.request.memberEpoch)")
    }
    answers.append(
      Answer(
        number: letter.number, client: letter.client, response: response,
        removals: removals[letter.client, default: 0]))
    if answers.count > Self.lineLimit { answers.removeFirst() }
  }

  mutating func deliverAnswer() {
    guard let place = answers.indices.randomElement(using: &dice) else { return }
    receive(answers.remove(at: place))
  }

  mutating func receive(_ answer: Answer) {
    guard let place = clients.firstIndex(where: { $0.id == answer.client && $0.awaits == answer.number }) else {
      return
    }
    clients[place].awaits = nil
    let response = answer.response
    switch response.error {
    case .none:
      clients[place].mustSayAll = false
      // A repeated letter may have made the member anew since: that is another life than the one this answer speaks of.
      if answer.removals != removals[answer.client, default: 0] { clients[place].isFenced = true }
      clients[place].epoch = response.memberEpoch
      if let assignment = response.assignment {
        clients[place].wanted = Set(
          assignment.topicPartitions.flatMap { one in
            one.partitions.map { TopicPartition(topic: one.topicId, partition: $0) }
          })
        clients[place].owned.formUnion(clients[place].wanted)
        // A change is confirmed even where the client has the same partitions in the end.
        clients[place].said = nil
      }
    case .fencedMemberEpoch, .unknownMemberId:
      clients[place].owned = []
      clients[place].wanted = []
      clients[place].epoch = 0
      clients[place].mustSayAll = true
      clients[place].isFenced = false
    case .unreleasedInstanceId: clients[place].mustSayAll = true
    case .fencedInstanceId: clients.remove(at: place)
    default: violations.append("unexpected \(response.error): \(response.errorMessage ?? "")")
    }
  }

  mutating func giveUpSurplus(_ place: Int) { clients[place].owned.formIntersection(clients[place].wanted) }

  /// The client gives its connection up; the letter and the answer may still arrive, for nobody.
  mutating func loseAnswer(_ place: Int) {
    guard clients[place].awaits != nil else { return }
    clients[place].awaits = nil
    clients[place].mustSayAll = true
  }

  /// A client dies, or leaves with a last letter; a static one may come back under another member id.
  mutating func endClient() {
    guard clients.count > 1, let place = clients.indices.randomElement(using: &dice) else { return }
    let client = clients.remove(at: place)
    let comesBack = client.instance != nil && dice.one(in: 2)
    if client.epoch > 0, !dice.one(in: 3) {
      numbers += 1
      let request = ConsumerGroupHeartbeatRequest(
        groupId: "g", memberId: client.id, memberEpoch: comesBack ? -2 : -1, instanceId: client.instance)
      letters.append(Letter(number: numbers, client: client.id, request: request))
    }
    if comesBack { addClient(instance: client.instance) }
  }

  mutating func changeTopics() {
    switch Int.random(in: 0..<3, using: &dice) {
    case 0:
      if let count = bench.topics.facts["t"]?.partitionCount, count < 20 {
        bench.topics.facts["t"]?.partitionCount = count + 1
      }
    case 1: bench.topics.facts["u"] = nil
    default: if bench.topics.facts["u"] == nil { bench.topics.make("u", 5) }
    }
    bench.topicsChanged()
  }

  private mutating func noteRemovals() {
    let now = Set(bench.group.state.members.keys)
    for id in present.subtracting(now) {
      removals[id, default: 0] += 1
      for place in clients.indices where clients[place].id == id && clients[place].epoch > 0 {
        clients[place].isFenced = true
      }
    }
    present = now
  }

  private mutating func checkOwners() {
    var owner: [TopicPartition: String] = [:]
    for client in clients where !client.isFenced {
      for partition in client.owned {
        if let other = owner[partition] {
          violations.append("\(partition.topic.low)-\(partition.partition) belongs to \(other) and \(client.id)")
        }
        owner[partition] = client.id
      }
    }
  }

  /// The lines work: all that is under way is lost, and everybody calls in turn.
  mutating func quiet(rounds: Int) {
    letters = []
    answers = []
    for place in clients.indices { loseAnswer(place) }
    for _ in 0..<rounds {
      bench.wait(500)
      noteRemovals()
      bench.matchPatterns()
      for id in clients.map(\.id) {
        guard let place = clients.firstIndex(where: { $0.id == id }) else { continue }
        giveUpSurplus(place)
        call(place)
        if let letter = letters.popLast() { deliver(letter) }
        if let answer = answers.popLast() { receive(answer) }
        checkOwners()
      }
    }
  }
}
