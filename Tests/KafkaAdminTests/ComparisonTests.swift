import Glibc
import Testing
import WireClient

/// The script played against Apache Kafka: where the table says nothing else, it must answer as the table says.
///
/// Wants the address of an idle broker in `MILLRACE_REFEREE`; it must have node id 1 and default settings.
@Suite(.serialized) struct ComparisonTests {
  static let referee = getenv("MILLRACE_REFEREE").map { String(cString: $0) }

  @Test(.enabled(if: referee != nil, "MILLRACE_REFEREE names no broker to compare with"))
  func kafkaAnswersAsTheTableSays() throws {
    let client = try WireClient(try #require(Self.referee))
    for step in AdminStep.script {
      let answer = try step.play(client)
      #expect(answer == step.kafka ?? step.expected, "\(step.name)")
    }
  }
}
