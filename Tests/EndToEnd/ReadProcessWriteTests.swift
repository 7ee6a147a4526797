import Testing

extension ForeignClientTests {
  /// Workers that read, process and write in transactions: two on Kafka's Java client and two on librdkafka, in one group.
  @Suite(
    .enabled(
      if: Tools.javac != nil && Tools.python != nil, "no javac, no Kafka libraries or no Python clients"))
  struct ReadProcessWriteTests {
    /// Every input is in the output once, in its partition's order, and the group has committed the end of the input,
    /// although the server and the workers are killed by turns.
    ///
    /// A worker dies in a transaction with flushed records and offsets; its successor has its transactional id. Every
    /// second kill of the server comes while a worker is in such a transaction, which it then aborts or commits by turns;
    /// the others come while records are on their way.
    @Test(arguments: ["classic", "consumer"])
    func everyInputIsOnceInTheOutputOverKills(protocol groupProtocol: String) throws {
      let scratch = try Scratch()
      let rig = try ExactlyOnceRig(judging: ["moves", "in", "out", "8", "movers"], scratch: scratch)
      func start(_ number: Int) throws -> Child {
        let arguments = [rig.bootstrap, "movers", groupProtocol, "in", "out", "mover-\(number)"]
        let command =
          number.isMultiple(of: 2)
          ? Tools.program("Mover", arguments, classes: rig.classes, heap: "64m")
          : try Tools.client("mover", arguments)
        return try Child(command, scratch: scratch)
      }
      var workers = try (0..<4).map(start)
      // A thousand stay ahead of what is awaited: there is work at each kill.
      try rig.feed(1000)
      for cycle in 1...Tools.killCycles {
        try rig.feed(300)
        try rig.awaitHundreds(3)
        if cycle.isMultiple(of: 2) {
          let victim = (cycle / 2 - 1) % workers.count
          try rig.killInTransaction(workers[victim])
          workers[victim] = try start(victim)
        } else if cycle % 4 == 1 {
          // Each worker aborts once and commits once before the next has its turn.
          try rig.crashServer(inTransactionOf: workers[(cycle / 8 + 1) % workers.count], committing: cycle % 8 > 1)
        } else {
          try rig.crashServer()
        }
      }
      try rig.awaitComplete()
      for worker in workers { try rig.stop(worker) }
      let verdict = try rig.verdict()
      let kills = "\(rig.crashes) kills of the server, \(rig.kills) of a worker, \(rig.holds) in an open transaction"
      print("read, process, write (\(groupProtocol)): \(kills), \(rig.elapsed); \(verdict)")
    }
  }
}
