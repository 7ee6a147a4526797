import MillraceServer
import Testing
import WireClient

@Suite struct AdminTests {
  @Test func everyStepIsAnsweredAsExpected() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let client = try WireClient(try #require(server.kafkaAddresses.first))
    for step in AdminStep.script {
      let answer = try step.play(client)
      #expect(answer == step.expected, "\(step.name)")
    }
  }
}
