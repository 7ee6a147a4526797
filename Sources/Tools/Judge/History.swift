/// What the recorders of a run have written, one file after the other; the lines of a process stand in its own order.
///
/// A line has eleven fields, separated by tabs: began, ended, process, operation, outcome, topic, partition, offset,
/// value, transaction, detail. A dash stands for none.
package struct History: Sendable {
  package var events: [Event] = []
  package var names = NameTable()

  package init() {}

  /// Adds the lines of one file. A last line without its end is dropped: its writer was killed in it. Any other line that
  /// cannot be read is an error, with its number.
  package mutating func add(_ bytes: [UInt8], file: String) throws(HistoryError) {
    var start = 0
    var line = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      line += 1
      guard let event = event(bytes[start..<end]) else { throw HistoryError(file: file, line: line) }
      events.append(event)
      start = end + 1
    }
  }

  private mutating func event(_ line: ArraySlice<UInt8>) -> Event? {
    let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    guard fields.count == 11, let began = Self.number(fields[0]), let ended = Self.number(fields[1]),
      let operation = Self.operations[Self.text(fields[3])], let outcome = Self.outcomes[Self.text(fields[4])],
      let partition = Self.number(fields[6]).flatMap({ Int32(exactly: $0) }), let offset = Self.number(fields[7]),
      let value = Self.number(fields[8]), let transaction = Self.number(fields[9])
    else { return nil }
    let isNamed = Self.operationsWithName.contains(operation)
    guard let detail = isNamed ? name(fields[10]) : Self.number(fields[10]) else { return nil }
    return Event(
      began: began, ended: ended, process: names.number(of: Self.text(fields[2])), operation: operation,
      outcome: outcome, place: Place(topic: names.number(of: Self.text(fields[5])), partition: partition),
      offset: offset, value: value, transaction: transaction, detail: detail)
  }

  private mutating func name(_ field: ArraySlice<UInt8>) -> Int64? {
    field.elementsEqual("-".utf8) ? -1 : Int64(names.number(of: Self.text(field)))
  }

  private static let operations: [String: Event.Operation] = [
    "send": .send, "commit": .commit, "abort": .abort, "assigned": .assigned, "read": .read, "offset": .offset,
    "committed": .committed, "final": .final, "dirty": .dirty, "reached": .reached, "end": .end,
    "subscribed": .subscribed, "moves": .moves,
  ]
  private static let outcomes: [String: Event.Outcome] = ["asked": .asked, "ok": .ok, "fail": .fail, "info": .info]
  /// The operations whose detail is a name; that of the others is a number.
  private static let operationsWithName: Set<Event.Operation> = [
    .assigned, .read, .offset, .committed, .subscribed, .moves,
  ]

  private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field, as: UTF8.self) }

  /// A number of at most 18 digits, or -1 for a dash.
  private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
    if field.elementsEqual("-".utf8) { return -1 }
    let isNegative = field.first == UInt8(ascii: "-")
    let digits = isNegative ? field.dropFirst() : field
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard digit >= 48, digit <= 57 else { return nil }
      number = number * 10 + Int64(digit - 48)
    }
    return isNegative ? -number : number
  }
}

/// A line of a history that cannot be read.
package struct HistoryError: Error, Equatable, CustomStringConvertible {
  package let file: String
  package let line: Int

  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  package var description: String { "\(file), line \(line): not a line of a history" }
}
