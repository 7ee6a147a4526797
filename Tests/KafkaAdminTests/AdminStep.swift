import ByteCodec
import KafkaWire
import WireClient

/// One exchange with a broker: what is sent, and what must come back, in words. Steps build on one another.
struct AdminStep: Sendable {
  let name: String
  let expected: String
  /// What Apache Kafka answers where we chose to differ.
  let kafka: String?
  let play: @Sendable (WireClient) throws -> String

  init(
    _ name: String, _ expected: String, kafka: String? = nil, play: @escaping @Sendable (WireClient) throws -> String
  ) {
    self.name = name
    self.expected = expected
    self.kafka = kafka
    self.play = play
  }

  /// All steps, in the order in which they are played.
  static let script = topics + records + configs + cluster + partitions + endings
}

/// What `body` says for each version: once when they all agree.
func each(_ versions: ClosedRange<Int16>, _ body: (Int16) throws -> String) rethrows -> String {
  let said = try versions.map { ($0, try body($0)) }
  if Set(said.map(\.1)).count == 1, let only = said.first { return only.1 }
  return said.map { "v\($0.0): \($0.1)" }.joined(separator: "; ")
}

/// Parts of an answer in words, in an order that does not depend on the broker's.
func words(_ parts: some Sequence<String>) -> String { parts.sorted().joined(separator: " ") }

/// What `look` says once it is `wanted`, or after ten seconds: Kafka's brokers take changes over some time after the answer.
func settled(on wanted: String, _ look: () throws -> String) rethrows -> String {
  let limit = ContinuousClock.now + .seconds(10)
  var found = try look()
  while found != wanted, ContinuousClock.now < limit { found = try look() }
  return found
}
