/// A topic's partition, its topic by number in the history's `NameTable`.
package struct Place: Hashable, Comparable, Sendable {
  package var topic: UInt32
  package var partition: Int32

  package init(topic: UInt32, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  package static func < (a: Place, b: Place) -> Bool { (a.topic, a.partition) < (b.topic, b.partition) }
}

/// One line of a recorded history. Names stand as numbers of the history's `NameTable`; -1 stands for "none".
package struct Event: Equatable, Sendable {
  package enum Operation: UInt8, Sendable {
    /// A record given to a producer.
    case send
    /// The commit of a transaction, and its abort.
    case commit, abort
    /// A consumer got a partition or moved in it: `offset` is where it goes on, where that is known.
    case assigned
    /// A record that a consumer of committed records was given; `transaction` numbers the polls.
    case read
    /// A group's offset written by a client; with `transaction` it counts when that is committed.
    case offset
    /// A group's offset as somebody was told it.
    case committed
    /// A record in the last reading of all from the beginning, of committed records.
    case final
    /// The same reading with the records of aborted and open transactions.
    case dirty
    /// Where that last reading of committed records came to its end.
    case reached
    /// The end of a partition (`offset`) and its stable end (`value`) after all was healed.
    case end
    /// The group `detail` is to read all of the topic.
    case subscribed
    /// Each record of the topic is to be moved once into the topic `detail`.
    case moves
  }

  package enum Outcome: UInt8, Sendable {
    /// Written before the call: what a killed process was about.
    case asked
    case ok
    /// It has definitely not happened.
    case fail
    /// Nobody knows whether it has happened; a timeout is this.
    case info
  }

  /// CLOCK_MONOTONIC in nanoseconds, before the call and after it.
  package var began: Int64
  package var ended: Int64
  /// Who wrote the line: one name for each start of a worker.
  package var process: UInt32
  package var operation: Operation
  package var outcome: Outcome
  package var place: Place
  package var offset: Int64
  package var value: Int64
  package var transaction: Int64
  /// A group, a topic, or for a record that was made from another that other one's value.
  package var detail: Int64
}

/// Names as numbers, in the order of their first appearance.
package struct NameTable: Sendable {
  package private(set) var names: [String] = []
  private var numbers: [String: UInt32] = [:]

  package mutating func number(of name: String) -> UInt32 {
    if let known = numbers[name] { return known }
    let number = UInt32(names.count)
    names.append(name)
    numbers[name] = number
    return number
  }

  /// The name behind a number of this table.
  package func name(_ number: Int64) -> String {
    number >= 0 && number < names.count ? names[Int(number)] : "-"
  }
}
