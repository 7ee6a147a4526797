import Testing

extension EndToEndTests {
  /// The release binary under a tracer that makes a sync of the journal fail.
  @Suite(
    .enabled(if: Tracing.isAllowed, "strace is not installed, or may not trace here"),
    .enabled(if: Tools.hasKcat, "kcat is not installed"))
  struct SyncFailureTests {
    private func produce(_ line: String, _ server: RunningServer, _ scratch: Scratch) throws -> Bool {
      let produce = [
        "kcat", "-q", "-b", server.bootstrap, "-t", "lines", "-p", "0", "-P", "-X", "retries=0", "-X",
        "message.timeout.ms=10000",
      ]
      return try run(produce, input: line + "\n", seconds: 30, scratch: scratch).code == 0
    }

    @Test func aFailedSyncOfTheJournalEndsTheProcessAndNothingAcknowledged() throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      let log = scratch.newPath("calls")
      // A journal that is written past the page cache is synced by its writes.
      let tracer = try Tracing.wrapper(
        "fdatasync,pwritev", "error=EIO", when: "8+", path: "\(folder)/journal/0.journal", log: log)
      let server = try RunningServer(folder: folder, wrapper: tracer, scratch: scratch)
      var acknowledged: [String] = []
      while acknowledged.count < 100, try produce("line \(acknowledged.count)", server, scratch) {
        acknowledged.append("line \(acknowledged.count)")
      }
      #expect((1..<100).contains(acknowledged.count))
      #expect(server.child.wait() == 74)
      let said = server.child.errors
      #expect(said.contains("the disk failed, so nothing more is acknowledged"), "\(said)")
      #expect(said.contains("Start again to recover"))
      let failed = try Scratch.read(log).split(separator: "\n").filter { $0.contains("INJECTED") }
      #expect(failed.count == 1, "a failed sync was tried again: \(failed)")

      let again = try RunningServer(folder: folder, scratch: scratch)
      let read = try run(
        ["kcat", "-q", "-b", again.bootstrap, "-t", "lines", "-p", "0", "-C", "-o", "beginning", "-e"],
        scratch: scratch)
      // The one that met the failure may be there or not: nobody was told that it is.
      #expect(Array(read.lines.prefix(acknowledged.count)) == acknowledged)
      #expect(read.lines.count <= acknowledged.count + 1)
      #expect(try produce("more", again, scratch))
      #expect(again.stop() == 0)
    }
  }
}
