import Judge
import Testing

/// A history as recorders would have written it: a producer, a mover, a group and a consumer of its own, nothing wrong.
struct TestHistory {
  private(set) var lines: [String] = []
  private var time = 1_000_000
  /// What stands in each partition, aborted records too: "topic partition" to rows of offset, value, source, committed.
  private var logs: [String: [(offset: Int, value: Int, source: String, isCommitted: Bool)]] = [:]
  private var ends: [String: Int] = [:]

  init() {
    add("driver subscribed ok in - - - - readers")
    add("driver subscribed ok in - - - - movers")
    add("driver moves ok in - - - - out")
    for number in 0..<24 { send("producer", "in", number % 2, value: 100 + number) }
    for partition in 0..<2 {
      let values = (0..<12).map { 100 + $0 * 2 + partition }
      read("reader", "readers", partition, values)
      read("tail", nil, partition, values)
      move(partition, values)
    }
    finish()
  }

  /// A line, its fields separated by spaces; the times are put before it.
  mutating func add(_ fields: String, lasting nanoseconds: Int = 500) {
    time += 1000
    let ended = time + nanoseconds
    lines.append(
      ([String(time), String(ended)] + fields.split(separator: " ").map(String.init)).joined(separator: "\t"))
    time = max(time, ended - 500)
  }

  /// Nothing happens for a while.
  mutating func pass(_ nanoseconds: Int) { time += nanoseconds }

  private mutating func store(_ topic: String, _ partition: Int, _ value: Int, _ source: String, _ isCommitted: Bool)
    -> Int
  {
    let key = "\(topic) \(partition)"
    let offset = ends[key, default: 0]
    ends[key] = offset + 1
    logs[key, default: []].append((offset, value, source, isCommitted))
    return offset
  }

  private mutating func send(_ process: String, _ topic: String, _ partition: Int, value: Int) {
    add("\(process) send asked \(topic) \(partition) - \(value) - -")
    let offset = store(topic, partition, value, "-", true)
    add("\(process) send ok \(topic) \(partition) \(offset) \(value) - -")
  }

  /// Reads three at a time and commits after each poll.
  private mutating func read(_ process: String, _ group: String?, _ partition: Int, _ values: [Int]) {
    add("\(process) assigned ok in \(partition) - - - \(group ?? "-")")
    for (offset, value) in values.enumerated() {
      add("\(process) read ok in \(partition) \(offset) \(value) \(partition * 100 + offset / 3) \(group ?? "-")")
      guard let group, offset % 3 == 2 else { continue }
      // One call: the line after it has the beginning of the line before it.
      add("\(process) offset asked in \(partition) \(offset + 1) - - \(group)")
      lines.append(lines[lines.count - 1].replacing("asked", with: "ok"))
      add("observer committed ok in \(partition) \(offset + 1) - - \(group)")
    }
  }

  /// Moves three at a time; the second transaction is aborted and its records are moved again.
  private mutating func move(_ partition: Int, _ values: [Int]) {
    add("mover assigned ok in \(partition) - - - movers")
    var transaction = 1000 + partition * 100
    var offset = 0
    while offset < values.count {
      let isAborted = transaction % 100 == 1
      for step in offset..<(offset + 3) {
        add("mover read ok in \(partition) \(step) \(values[step]) \(transaction) movers")
      }
      for step in offset..<(offset + 3) {
        let made = transaction * 10 + step - offset
        add("mover send asked out \(partition) - \(made) \(transaction) \(values[step])")
        let stored = store("out", partition, made, String(values[step]), !isAborted)
        add("mover send ok out \(partition) \(stored) \(made) \(transaction) \(values[step])")
      }
      add("mover offset asked in \(partition) \(offset + 3) - \(transaction) movers")
      if isAborted {
        add("mover abort ok - - - - \(transaction) -")
        add("mover assigned ok in \(partition) \(offset) - - movers")
      } else {
        add("mover commit asked - - - - \(transaction) -")
        add("mover commit ok - - - - \(transaction) -")
        offset += 3
      }
      // The marker takes an offset.
      ends["out \(partition)", default: 0] += 1
      transaction += 1
    }
  }

  private mutating func finish() {
    for (key, log) in logs.sorted(by: { $0.key < $1.key }) {
      for entry in log {
        add("audit dirty ok \(key) \(entry.offset) \(entry.value) - \(entry.source)")
        if entry.isCommitted { add("audit final ok \(key) \(entry.offset) \(entry.value) - \(entry.source)") }
      }
      let end = ends[key, default: 0]
      add("audit reached ok \(key) \(end) - - -")
      add("audit end ok \(key) \(end) \(end) - -")
    }
  }

  /// Changes the lines that contain `text`; how many there must be is part of the test.
  mutating func change(_ text: String, count: Int = 1, _ change: (String) -> String?) {
    let wanted = text.replacing(" ", with: "\t")
    #expect(lines.count { $0.contains(wanted) } == count, "\(text)")
    lines = lines.compactMap { $0.contains(wanted) ? change($0) : $0 }
  }

  mutating func remove(_ text: String, count: Int = 1) { change(text, count: count) { _ in nil } }

  func history() throws -> History {
    var history = History()
    try history.add(Array((lines.joined(separator: "\n") + "\n").utf8), file: "test")
    return history
  }

  /// The rules it is condemned by, with how often.
  func verdict() throws -> [Rule: Int] { Judge.judge(try history()).counts }
}
