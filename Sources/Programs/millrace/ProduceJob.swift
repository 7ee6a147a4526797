import ByteCodec
import KafkaClient
import Machine
import RecordFormat
import Terminal
import Units

/// How a line becomes a record.
struct RecordShape {
  private let separator: [UInt8]?
  private let nullValue: [UInt8]?
  private let headers: [RecordHeader]

  init(_ given: Arguments) throws(UsageError) {
    separator = given.text("key-separator").map { Array(Self.unescaped($0).utf8) }
    if separator?.isEmpty == true { throw UsageError("--key-separator takes a text that is not empty") }
    nullValue = given.text("null-value").map { Array($0.utf8) }
    headers = try given.pairs("header").map { RecordHeader(key: $0.name, value: Array($0.value.utf8)) }
  }

  /// The record of a line; one without the separator has no key.
  func record(_ line: ByteSlice, at timestamp: Timestamp) -> Record {
    var key: ByteSlice?
    var value = line
    if let separator, let place = Self.place(of: separator, in: line) {
      key = line.part(from: 0, count: place)
      value = line.dropping(place + separator.count)
    }
    let isNull = nullValue.map { text in value.withUnsafeBytes { $0.elementsEqual(text) } } ?? false
    return Record(timestamp: timestamp, key: key, value: isNull ? nil : value, headers: headers)
  }

  /// Where `text` first stands in `line`.
  private static func place(of text: [UInt8], in line: ByteSlice) -> Int? {
    line.withUnsafeBytes { bytes in
      guard bytes.count >= text.count else { return nil }
      return (0...bytes.count - text.count).first { start in
        bytes[start] == text[0] && bytes[start..<start + text.count].elementsEqual(text)
      }
    }
  }

  /// `text` with "\t" for a tab and "\\" for a backslash, as shells make them hard to type.
  static func unescaped(_ text: String) -> String {
    var result = ""
    var isEscaped = false
    for letter in text {
      if isEscaped {
        result.append(letter == "t" ? "\t" : letter == "n" ? "\n" : letter)
        isEscaped = false
      } else if letter == "\\" {
        isEscaped = true
      } else {
        result.append(letter)
      }
    }
    return isEscaped ? result + "\\" : result
  }
}

/// Lines into a topic: reads, batches, shows progress, sums up.
struct ProduceJob {
  /// How long input may pause before what has been read is sent, in milliseconds.
  private static let lingerMs: Int32 = 5

  private let producer: Producer
  private let lines: LineSource
  private let shape: RecordShape
  private let clock: any Clock
  private let start: Instant
  private var progress = ProgressLine()
  private var line = 0

  init(_ producer: Producer, _ lines: LineSource, _ shape: RecordShape, _ options: ClientOptions) {
    self.producer = producer
    self.lines = lines
    self.shape = shape
    clock = options.clock
    start = options.clock.now()
  }

  /// Runs until input ends or the user wants to stop; then what was read is written, and the summary shown.
  mutating func run() throws -> ExitCode {
    defer {
      progress.clear()
      ErrorOutput.say(summary)
    }
    while !Interruption.isWished, try step() {}
    try producer.flush()
    return .done
  }

  /// Takes one line. False at the end of input.
  private mutating func step() throws -> Bool {
    switch lines.next(waitMs: producer.hasUnsent ? Self.lingerMs : -1) {
    case .line(let bytes):
      line += 1
      try producer.append(shape.record(bytes, at: clock.wallClock()))
      let (producer, line, start) = (producer, line, start)
      if line & 0xFF == 0 {
        progress.update(now: clock.now().nanoseconds) {
          Self.text(producer.totals, line, since: start, to: clock.now())
        }
      }
    case .pause:
      try producer.flush()
    case .end: return false
    case .tooLong:
      let limit = NumberText.bytes(LineSource.longestLine)
      throw CommandFailure(
        .badData, "line \(line + 1) is longer than \(limit)",
        advice: "What stood before it has been sent as far as the summary counts it.")
    case .failed(let reason):
      throw CommandFailure(.disk, "input cannot be read after line \(line): \(reason)")
    }
    return true
  }

  private static func text(_ totals: ProducerTotals, _ read: Int, since start: Instant, to now: Instant) -> String {
    let seconds = max(Double(now.nanoseconds - start.nanoseconds) / 1e9, 1e-9)
    return "\(NumberText.grouped(totals.records)) of \(NumberText.grouped(read)) records acknowledged, "
      + "\(NumberText.bytes(Int(Double(totals.bytes) / seconds)))/s"
  }

  private var summary: String {
    let totals = producer.totals
    let seconds = max(Double(clock.now().nanoseconds - start.nanoseconds) / 1e9, 1e-9)
    let rate = NumberText.bytes(Int(Double(totals.bytes) / seconds))
    var text = "\(NumberText.counted(totals.records, "record")), \(NumberText.bytes(totals.bytes)) in "
    text += "\(NumberText.oneDecimal(seconds)) s (\(rate)/s)"
    if line > totals.records { text += "; \(NumberText.grouped(line - totals.records)) read and not acknowledged" }
    if totals.retries > 0 { text += "; tried again \(NumberText.counted(totals.retries, "time"))" }
    return text
  }
}
