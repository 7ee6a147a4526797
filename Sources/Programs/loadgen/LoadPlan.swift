import KafkaClient

/// What is to be produced, and how.
struct LoadPlan {
  var broker = BrokerAddress.local
  var topic = "load"
  var partitions = 1
  var connections = 4
  /// Requests under way on each connection.
  var inFlight = 5
  /// Bytes of a batch, at most; a request holds one.
  var batchBytes = 16_384
  /// Bytes of a record's value.
  var recordBytes = 1_000
  var acks: Int16 = -1
  var isIdempotent = false
  /// Bytes of values to produce, over all connections.
  var totalBytes = 1_000_000_000
  /// The server's process, whose processor time is told.
  var process: Int32?

  static let usage = """
    usage: loadgen [--broker HOST:PORT] [--topic NAME] [--partitions N] [--connections N] [--in-flight N]
                   [--batch BYTES] [--record BYTES] [--acks all|1|0] [--idempotent] [--megabytes N] [--pid N]
    """

  /// The plan that `arguments` ask for, or nil where they are none.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      if option == "--idempotent" {
        isIdempotent = true
        continue
      }
      guard let value = rest.popFirst(), take(value, for: option) else { return nil }
    }
    // A sequence must not be overtaken: what Kafka asks of its own producer.
    guard !isIdempotent || inFlight <= 5 && acks == -1, recordBytes <= batchBytes else { return nil }
  }

  private mutating func take(_ value: String, for option: String) -> Bool {
    switch option {
    case "--broker": return set(\.broker, BrokerAddress(value))
    case "--topic": return set(\.topic, value)
    case "--partitions": return set(\.partitions, Self.number(value, 1...100_000))
    case "--connections": return set(\.connections, Self.number(value, 1...10_000))
    case "--in-flight": return set(\.inFlight, Self.number(value, 1...1_000))
    case "--batch": return set(\.batchBytes, Self.number(value, 100...100_000_000))
    case "--record": return set(\.recordBytes, Self.number(value, 1...100_000_000))
    case "--acks": return set(\.acks, ["all": -1, "1": 1, "0": 0][value])
    case "--megabytes": return set(\.totalBytes, Self.number(value, 1...1_000_000).map { $0 * 1_000_000 })
    case "--pid":
      process = Int32(value)
      return process != nil
    default: return false
    }
  }

  private mutating func set<Value>(_ field: WritableKeyPath<LoadPlan, Value>, _ value: Value?) -> Bool {
    guard let value else { return false }
    self[keyPath: field] = value
    return true
  }

  private static func number(_ text: String, _ allowed: ClosedRange<Int>) -> Int? {
    Int(text).flatMap { allowed.contains($0) ? $0 : nil }
  }
}
