import ByteCodec
import KafkaClient
import Machine
import RecordFormat
import Terminal
import Units

/// Records of a topic to standard output, until there are enough, the ends are reached, or the user wants to stop.
struct ConsumeJob {
  /// Whom it reads from.
  enum Source {
    case partitions(Consumer)
    case group(GroupConsumer)

    var isDone: Bool {
      switch self {
      case .partitions(let consumer): consumer.isDone
      case .group(let consumer): consumer.isDone
      }
    }

    func poll(_ reader: (Int32, RecordView) -> Appetite) throws(ClientError) -> Appetite {
      switch self {
      case .partitions(let consumer): try consumer.poll(reader)
      case .group(let consumer): try consumer.poll(reader)
      }
    }

    /// All that was read is written.
    func close() throws(ClientError) {
      if case .group(let consumer) = self { try consumer.close() }
    }
  }

  private let source: Source
  private let formatter: RecordFormatter
  private let limit: Int?
  private let clock: any Clock
  private let start: Instant

  init(_ source: Source, _ formatter: RecordFormatter, count: Int?, _ options: ClientOptions) {
    self.source = source
    self.formatter = formatter
    limit = count
    clock = options.clock
    start = options.clock.now()
  }

  /// Reads. A reader of the output that goes away ends it quietly; a failing output is a failure.
  func run() throws -> ExitCode {
    let output = Output()
    var records = 0
    var bytes = 0
    var failure: ClientError?
    do {
      while !source.isDone, !output.isBroken, records < limit ?? .max, !Interruption.isWished {
        let appetite = try source.poll { partition, record in
          guard records < limit ?? .max else { return .stop }
          output.gather { formatter.write(record, partition: partition, to: &$0) }
          records += 1
          bytes += (record.key?.count ?? 0) + (record.value?.count ?? 0)
          return output.isBroken || records == limit || Interruption.isWished ? .stop : .more
        }
        output.flush()
        if appetite == .stop { break }
      }
    } catch {
      if error.kind != .interrupted { failure = error }
    }
    output.flush()
    if let reason = output.failure { throw CommandFailure(.disk, "standard output cannot be written: \(reason)") }
    if output.isBroken { return .done }
    if failure == nil { try source.close() }
    ErrorOutput.say(summary(records: records, bytes: bytes))
    if let failure { throw failure }
    return .done
  }

  private func summary(records: Int, bytes: Int) -> String {
    let seconds = max(Double(clock.now().nanoseconds - start.nanoseconds) / 1e9, 1e-9)
    let rate = NumberText.bytes(Int(Double(bytes) / seconds))
    let total = "\(NumberText.counted(records, "record")), \(NumberText.bytes(bytes))"
    return "\(total) in \(NumberText.oneDecimal(seconds)) s (\(rate)/s)"
  }
}
