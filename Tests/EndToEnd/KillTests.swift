import Testing

extension EndToEndTests {
  /// The server ends under the load of an idempotent foreign producer, again and again.
  @Suite(.enabled(if: Tools.python != nil, "the Python clients are not installed")) struct KillTests {
    /// How it ends: by `kill -9`, or by turns by that and asked to stop.
    enum Ending: CaseIterable {
      case killed, killedOrStopped
    }

    @Test(arguments: Ending.allCases) func nothingAcknowledgedIsLostOrDoubled(_ ending: Ending) throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      var server = try RunningServer(folder: folder, scratch: scratch)
      let (port, bootstrap) = (server.port, server.bootstrap)
      let acknowledged = scratch.newPath("acknowledged")
      let load = try Child(try Tools.client("kill_load", [bootstrap, "load", acknowledged]), scratch: scratch)
      var starts: [Duration] = []
      for cycle in 1...Tools.killCycles {
        // The load says "+" for every 500 acknowledged; the end falls into the batches on their way.
        for _ in 0..<2 {
          let said = try load.output.line(within: 60)
          try #require(said == "+", "cycle \(cycle): \(load.errors)")
        }
        if ending == .killedOrStopped, cycle.isMultiple(of: 2) {
          #expect(server.stop() == 0)
        } else {
          server.crash()
        }
        server = try RunningServer(folder: folder, port: port, scratch: scratch)
        starts.append(server.startTime)
      }
      load.closeInput()
      let said = try load.output.rest(within: 120)
      try #require(load.wait() == 0, "\(said)\(load.errors)")
      let verdict = try run(
        try Tools.client("kill_verify", [bootstrap, "load", acknowledged]), seconds: 300, scratch: scratch)
      #expect(verdict.code == 0, "\(verdict.output)\(verdict.errors)")
      let longest = starts.max() ?? .zero
      print("\(ending): \(starts.count) cycles, longest restart \(longest); \(verdict.output)")
      #expect(longest < .seconds(1))
      #expect(server.stop() == 0)
    }
  }
}
