import TestFixtures
import Testing

extension EndToEndTests {
  @Suite(.enabled(if: Tools.hasKcat, "kcat is not installed")) struct MetricsTests {
    @Test func aForeignReaderFindsWhatClientsDid() throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), scratch: scratch)
      let produced = try run(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "words", "-P"], input: "a\nb\n", scratch: scratch)
      #expect(produced.code == 0)
      let read = ["kcat", "-q", "-b", server.bootstrap, "-t", "words", "-C", "-o", "beginning", "-e"]
      #expect(try run(read, scratch: scratch).lines.sorted() == ["a", "b"])
      // An error, so that there is one to count.
      _ = try run(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "a:b", "-P", "-X", "message.timeout.ms=1000"], input: "x\n",
        scratch: scratch)
      let answer = try HTTPClient.get(server.http, "/metrics")
      let body = try #require(answer.split(separator: "\r\n\r\n", maxSplits: 1).last)
      #expect(body.contains("\nmillrace_kafka_errors_total{api=\"Metadata\",error=\"INVALID_TOPIC_EXCEPTION\"} "))
      #expect(body.contains("\nmillrace_topic_in_records_total{topic=\"words\"} 2\n"))
      #expect(body.contains("\nmillrace_clock_off_seconds 0\n"))
      #expect(body.contains("\nmillrace_coordinator_memory_limit_bytes{coordinator=\"group\"} "))
      if let promtool = Tools.promtool {
        let checked = try run([promtool, "check", "metrics"], input: String(body), scratch: scratch)
        #expect(checked.code == 0)
        #expect(checked.output + checked.errors == "")
      }
      #expect(server.stop() == 0)
    }
  }
}
