import Testing

extension EndToEndTests {
  @Suite(.enabled(if: Tools.python != nil, "the Python clients are not installed")) struct UpkeepTests {
    /// Retention, compaction, records deleted and partitions added, seen from a foreign client, and kept by a restart.
    @Test func aForeignClientSeesUpkeep() throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      let server = try RunningServer(
        folder: folder,
        settings: ["log.retention.check.interval.ms=100", "log.cleaner.backoff.ms=100"], scratch: scratch)
      let outcome = try run(try Tools.client("upkeep_client", [server.bootstrap]), seconds: 200, scratch: scratch)
      #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
      server.crash()
      let again = try RunningServer(folder: folder, scratch: scratch)
      let described = try run(
        [Tools.millrace, "topic", "describe", "trimmed", "--json", "--bootstrap", again.bootstrap], scratch: scratch)
      #expect(described.code == 0)
      for ends in [(30, 50), (0, 0), (0, 1)] {
        #expect(described.output.contains(#""start_offset":\#(ends.0),"end_offset":\#(ends.1)"#), "\(described)")
      }
      #expect(again.stop() == 0)
    }
  }
}
