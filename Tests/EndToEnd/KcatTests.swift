import Testing

extension ForeignClientTests {
  @Suite(.enabled(if: Tools.hasKcat, "kcat is not installed")) struct KcatTests {
    @Test(arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
    func whatGoesInComesOut(codec: String) throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      let server = try RunningServer(folder: folder, scratch: scratch)
      let lines = (0..<2000).map { "k\($0 % 7)\tvalue \($0) of \(codec) \(String(repeating: "x", count: $0 % 90))" }
      let produced = try run(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "words", "-p", "0", "-P", "-K", "\t", "-z", codec],
        input: lines.joined(separator: "\n") + "\n", scratch: scratch)
      #expect(produced.code == 0, "\(produced.errors)")
      let consume = [
        "kcat", "-q", "-b", server.bootstrap, "-t", "words", "-p", "0", "-C", "-o", "beginning", "-e", "-K", "\t",
      ]
      #expect(try run(consume, scratch: scratch).lines == lines)
      server.crash()
      let again = try RunningServer(folder: folder, port: server.port, scratch: scratch)
      #expect(try run(consume, scratch: scratch).lines == lines)
      #expect(again.stop() == 0)
    }
  }
}
