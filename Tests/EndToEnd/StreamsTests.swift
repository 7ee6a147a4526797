import Testing

extension ForeignClientTests {
  /// Kafka Streams with exactly-once v2.
  @Suite(
    .enabled(
      if: Tools.javac != nil && Tools.python != nil, "no javac, no Kafka libraries or no Python clients"))
  struct StreamsTests {
    /// Each word's counts are 1, 2, 3 ... without a gap or a repetition: the state is as exact as the output. Of every
    /// three kills of the server, one comes with a kill of the application, and one with a kill that costs it its state
    /// folder, so that it restores the state from the changelog.
    @Test func aWordCountStaysExactOverKills() throws {
      let scratch = try Scratch()
      let rig = try ExactlyOnceRig(judging: ["words", "lines", "counts", "4"], scratch: scratch)
      var state = scratch.newPath("state")
      func start() throws -> Child {
        let command = Tools.program(
          "WordCount", [rig.bootstrap, "lines", "counts", state], classes: rig.classes, heap: "256m")
        return try Child(command, scratch: scratch)
      }
      var application = try start()
      // Three counts for each line. A hundred lines stay ahead, so that there is work at a kill.
      try rig.feed(100)
      for cycle in 1...Tools.killCycles {
        try rig.feed(200)
        try rig.awaitHundreds(6)
        try rig.crashServer()
        guard cycle % 3 > 0 else { continue }
        if cycle % 3 == 2 {
          try rig.feed(100)
          try rig.awaitHundreds(3)
        }
        try rig.kill(application)
        if cycle % 3 == 2 { state = scratch.newPath("state") }
        application = try start()
      }
      try rig.awaitComplete()
      try rig.stop(application)
      let verdict = try rig.verdict()
      print("streams: \(rig.crashes) kills of the server, \(rig.kills) of the application, \(rig.elapsed); \(verdict)")
    }
  }
}
