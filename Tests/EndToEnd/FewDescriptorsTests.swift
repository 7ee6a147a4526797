import Testing

extension EndToEndTests {
  /// More segments than the process may have files open.
  @Suite(.enabled(if: Tools.hasKcat, "kcat is not installed")) struct FewDescriptorsTests {
    private static let wrapper = ["bash", "-c", "ulimit -n 200 && exec \"$@\"", "few"]
    private static let partitions = 600

    private let scratch: Scratch
    private let folder: String

    init() throws {
      scratch = try Scratch()
      folder = scratch.newPath("data")
    }

    private func start(port: UInt16 = 0) throws -> RunningServer {
      try RunningServer(
        folder: folder, port: port, settings: ["num.partitions=\(Self.partitions)"], wrapper: Self.wrapper,
        scratch: scratch)
    }

    private func consumed(_ server: RunningServer) throws -> Set<String> {
      let outcome = try run(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "wide", "-C", "-o", "beginning", "-e"], scratch: scratch)
      return Set(outcome.lines)
    }

    @Test func crashesAndStopsLoseNothing() throws {
      let server = try start()
      let values = (0..<6_000).map { "value \($0)" }
      let produced = try run(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "wide", "-P", "-K", "\t"],
        input: values.enumerated().map { "key-\($0)\t\($1)\n" }.joined(), scratch: scratch)
      #expect(produced.code == 0, "\(produced.errors)")
      server.crash()
      let afterCrash = try start(port: server.port)
      #expect(afterCrash.child.errors.contains("\(Self.partitions) partitions"))
      #expect(try consumed(afterCrash) == Set(values))
      #expect(afterCrash.stop() == 0)
      let afterStop = try start(port: server.port)
      #expect(try consumed(afterStop) == Set(values))
      #expect(afterStop.stop() == 0)
    }
  }
}
