import Coordination
package import LogStore
import Machine
package import Units

/// How far a group is behind in one partition.
package struct LagRow: Sendable, Equatable {
  package var group: String
  package var topic: String
  package var partition: PartitionKey
  /// The first offset that the group has not read.
  package var next: Offset
  /// Offsets from there to the stable end.
  package var records: Int64
  /// How long the next unread record has been there, in milliseconds; nil where all is read or it cannot be told yet.
  package var ageMs: Int64?
}

/// Times of unread records that had to be waited for, kept until the next look.
struct LagTimes {
  struct Place: Hashable {
    var partition: PartitionKey
    var offset: Offset
  }

  var known: [Place: Timestamp] = [:]
  /// Whether the disk is being read for the next look.
  var isReading = false
  /// So many are read from the disk between two looks: the lane has fetches to serve.
  static let readAtOnce = 100
}

extension Engine {
  /// Where the first `groups` groups by name stand, in at most `limit` rows.
  package func lag(groups names: some Sequence<String>, limit: Int) -> [LagRow] {
    var rows: [LagRow] = []
    for name in names where rows.count < limit {
      for (place, offset) in coordinators.groups.offsets(of: name, limit: limit - rows.count) {
        guard let topic = catalogue.id(of: place.topic),
          let partition = store.partition(PartitionKey(topic: topic, index: place.partition))
        else { continue }
        let next = max(Offset(offset.offset), partition.durableStart)
        rows.append(
          LagRow(
            group: name, topic: place.topic, partition: partition.key, next: next,
            records: max(partition.stableEnd.value - next.value, 0)))
      }
    }
    return rows
  }

  /// Gives `completion` the rows with the ages of the first `limit` that are behind, at once or later: a lane looks at
  /// the batches, and only at what is in memory. What is not is read afterwards, for the next look: a group that moves
  /// on has just read what is before it, and one that stands still is asked about the same record again.
  package func addAges(to rows: [LagRow], limit: Int, completion: @escaping ([LagRow]) -> Void) {
    var rows = rows
    let behind = rows.indices.filter { rows[$0].records > 0 }.prefix(limit)
    let before = lagTimes.known
    lagTimes.known = [:]
    var open: [Int] = []
    for at in behind {
      let place = LagTimes.Place(partition: rows[at].partition, offset: rows[at].next)
      if let known = before[place] {
        lagTimes.known[place] = known
        rows[at].ageMs = age(known)
      } else {
        open.append(at)
      }
    }
    guard !open.isEmpty else { return completion(rows) }
    lookUp(open.map { LagTimes.Place(partition: rows[$0].partition, offset: rows[$0].next) }, waits: false) {
      [unowned self] found in
      var cold: [LagTimes.Place] = []
      for (at, time) in zip(open, found) {
        if case .at(let written) = time { rows[at].ageMs = age(written) }
        if time == .notCached { cold.append(.init(partition: rows[at].partition, offset: rows[at].next)) }
      }
      readTimes(of: Array(cold.prefix(LagTimes.readAtOnce)))
      completion(rows)
    }
  }

  private func age(_ written: Timestamp) -> Int64? {
    let (age, overflow) = clock.wallClock().milliseconds.subtractingReportingOverflow(written.milliseconds)
    return overflow ? nil : max(age, 0)
  }

  private func readTimes(of places: [LagTimes.Place]) {
    guard !places.isEmpty, !lagTimes.isReading else { return }
    lagTimes.isReading = true
    lookUp(places, waits: true) { [unowned self] found in
      lagTimes.isReading = false
      for case (let place, .at(let written)) in zip(places, found) { lagTimes.known[place] = written }
    }
  }

  private func lookUp(_ places: [LagTimes.Place], waits: Bool, _ completion: @escaping ([TimeFound]) -> Void) {
    let asked = places.map { place in store.partition(place.partition).map { (partition: $0, offset: place.offset) } }
    let there = asked.compactMap { $0 }
    timeWaits[store.lookUpTimes(of: there, waits: waits)] = { found in
      var next = found.makeIterator()
      completion(asked.map { $0 == nil ? .none : next.next() ?? .none })
    }
  }
}
