/// Defects in what consumers and groups saw.
extension Mutation {
  static let polls: [Mutation] = [
    Mutation(name: "a record is left out of a poll", rules: [.skipInPoll]) { history, _ in
      guard let index = history.loneRead(where: { before, after in before == 0 && after == 0 }) else { return false }
      history.events.remove(at: index)
      return true
    },
    Mutation(name: "a record is left out between two polls", rules: [.skipBetweenPolls]) { history, _ in
      guard let index = history.loneRead(where: { before, _ in before == 1 }) else { return false }
      history.events.remove(at: index)
      return true
    },
    Mutation(name: "a poll gives its last record again", rules: [.inversionInPoll]) { history, _ in
      guard let index = history.loneRead(where: { _, after in after == 1 }) else { return false }
      history.events.insert(history.events[index], at: index + 1)
      return true
    },
    Mutation(name: "another poll gives a record again", rules: [.inversionBetweenPolls]) { history, _ in
      guard let index = history.loneRead(where: { _, after in after == 1 }) else { return false }
      var again = history.events[index]
      again.transaction = .max
      history.events.insert(again, at: index + 1)
      return true
    },
  ]

  static let groups: [Mutation] = [
    Mutation(name: "a group's offset is gone", rules: [.offsetRegress]) { history, ledger in
      history.tellOffset { _ in -1 }
    },
    Mutation(name: "a group's offset went back", rules: [.offsetRegress]) { history, ledger in
      history.tellOffset { _ in 0 }
    },
    Mutation(name: "a group's offset went back to an earlier commit", rules: [.offsetRegress]) { history, ledger in
      history.tellEarlierCommit(ledger)
    },
    Mutation(name: "nobody committed a group's offset", rules: [.offsetUnwritten]) { history, _ in
      history.forgetToldCommit()
    },
    Mutation(name: "a group stands beyond the end", rules: [.beyondEnd, .offsetUnwritten]) { history, ledger in
      history.tellOffset { ledger.logs[$0.place].map { $0.end + 1 } ?? .max }
    },
    Mutation(name: "a group never saw a record", rules: [.unseen]) { history, _ in
      guard let index = history.firstReadOfMember() else { return false }
      history.events.remove(at: index)
      return true
    },
  ]
}

extension History {
  /// The poll before and the poll after a read, by the same process of the same partition: 0 the same, 1 another.
  private typealias Neighbours = (before: Int, after: Int)

  /// A read of a consumer without a group, with reads before and after it that satisfy `condition` and no assignment
  /// between them.
  fileprivate func loneRead(where condition: (_ before: Int, _ after: Int) -> Bool) -> Int? {
    struct Row: Hashable {
      let process: UInt32
      let place: Place
    }
    var rows: [Row: [Int]] = [:]
    for (index, event) in events.enumerated() {
      guard event.operation == .assigned || event.operation == .read && event.detail < 0 else { continue }
      let row = Row(process: event.process, place: event.place)
      if event.operation == .assigned {
        rows[row] = []
        continue
      }
      let last = Array((rows[row] ?? []).suffix(2)) + [index]
      rows[row] = last
      guard last.count == 3 else { continue }
      let polls = last.map { events[$0].transaction }
      if condition(polls[0] == polls[1] ? 0 : 1, polls[1] == polls[2] ? 0 : 1) { return last[1] }
    }
    return nil
  }

  /// The last answer about a group's offset, of those that satisfy `condition`.
  private func lastTold(where condition: (Event) -> Bool = { _ in true }) -> Event? {
    events.filter { $0.operation == .committed && $0.offset > 0 && condition($0) }.max { $0.ended < $1.ended }
  }

  /// Lets who was told `told` be told another offset after all that has happened.
  private mutating func tell(_ offset: Int64, insteadOf told: Event) {
    let last = events.lazy.map(\.ended).max() ?? told.ended
    var again = told
    again.offset = offset
    (again.began, again.ended) = (last + 1000, last + 2000)
    events.append(again)
  }

  /// Lets the one who was last told a group's offset be told another one after that; false where nobody was.
  fileprivate mutating func tellOffset(_ offset: (Event) -> Int64) -> Bool {
    guard let told = lastTold() else { return false }
    tell(offset(told), insteadOf: told)
    return true
  }

  /// The same with an offset that the group had committed before, and that no commit excuses.
  fileprivate mutating func tellEarlierCommit(_ ledger: Ledger) -> Bool {
    var earlier: [Judge.GroupPlace: OffsetWrite] = [:]
    for (key, writes) in Judge.writes(ledger) {
      let certain = Dictionary(grouping: writes, by: \.offset).filter { $0.value.allSatisfy(\.isCertain) }
      earlier[key] = certain.values.joined().filter { !$0.isTransactional }
        .min { ($0.offset, -$0.latest) < ($1.offset, -$1.latest) }
    }
    func before(_ told: Event) -> OffsetWrite? {
      guard let write = earlier[Judge.GroupPlace(group: told.detail, place: told.place)] else { return nil }
      return write.offset < told.offset && write.latest < told.began ? write : nil
    }
    guard let told = lastTold(where: { before($0) != nil }), let write = before(told) else { return false }
    tell(write.offset, insteadOf: told)
    return true
  }

  /// Takes away the commits of the last offset that somebody was told.
  fileprivate mutating func forgetToldCommit() -> Bool {
    guard let told = lastTold() else { return false }
    events.removeAll {
      $0.operation == .offset && $0.detail == told.detail && $0.place == told.place && $0.offset == told.offset
    }
    return true
  }

  /// The first read of a member after it got a partition, of a record that its group was given once only.
  fileprivate func firstReadOfMember() -> Int? {
    struct Row: Hashable {
      let process: UInt32
      let place: Place
    }
    var counts: [[Int64]: Int] = [:]
    for event in events where event.operation == .read && event.detail >= 0 {
      counts[[event.detail, event.value], default: 0] += 1
    }
    let subscribed = Set(events.filter { $0.operation == .subscribed }.map { [$0.detail, Int64($0.place.topic)] })
    var fresh: Set<Row> = []
    for (index, event) in events.enumerated() {
      let row = Row(process: event.process, place: event.place)
      if event.operation == .assigned, event.offset < 0 { fresh.insert(row) }
      guard event.operation == .read, fresh.remove(row) != nil, counts[[event.detail, event.value]] == 1,
        subscribed.contains([event.detail, Int64(event.place.topic)])
      else { continue }
      return index
    }
    return nil
  }
}
