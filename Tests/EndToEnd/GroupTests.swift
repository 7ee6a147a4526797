import Testing

extension ForeignClientTests {
  /// Groups of foreign clients: they join, share, commit, and go on after the server was killed.
  @Suite(.enabled(if: Tools.python != nil, "the Python clients are not installed")) struct GroupTests {
    @Test(arguments: [
      ("kafka_python_group", [String]()), ("aiokafka_group", []), ("confluent_group", ["classic"]),
      ("confluent_group", ["consumer"]),
    ])
    func goesOnWhereItCommitted(script: String, arguments: [String]) throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      var server = try RunningServer(folder: folder, scratch: scratch)
      let before = try run(
        try Tools.client(script, [server.bootstrap] + arguments + ["before"]), seconds: 180, scratch: scratch)
      try #require(before.code == 0, "\(before.output)\(before.errors)")
      let committed = try #require(before.lines.last)
      server.crash()
      server = try RunningServer(folder: folder, scratch: scratch)
      let after = try run(
        try Tools.client(script, [server.bootstrap] + arguments + [committed]), seconds: 180, scratch: scratch)
      #expect(after.code == 0, "\(after.output)\(after.errors)")
      #expect(server.stop() == 0)
    }

    @Test func membersAndTheirProducerLiveThroughAKill() throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      var server = try RunningServer(folder: folder, scratch: scratch)
      let client = try Child(try Tools.client("aiokafka_group", [server.bootstrap, "through"]), scratch: scratch)
      let first = try client.output.line(within: 120)
      try #require(first == "halfway", "\(client.errors)")
      server.crash()
      try client.write("killed\n")
      server = try RunningServer(folder: folder, port: server.port, scratch: scratch)
      let rest = try client.output.rest(within: 120)
      #expect(rest.hasPrefix("ok") && client.wait() == 0, "\(rest)\(client.errors)")
      #expect(server.stop() == 0)
    }
  }

  /// Kafka's own consumer in a group.
  @Suite(.enabled(if: Tools.kafka != nil, "Apache Kafka does not lie beside the project")) struct JavaGroupTests {
    @Test func theConsoleConsumerGoesOnWhereItCommitted() throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), scratch: scratch)
      let to = ["--bootstrap-server", server.bootstrap]
      func tool(_ name: String, _ arguments: [String], input: String = "") throws -> Outcome {
        let outcome = try run(
          try Tools.java("org.apache.kafka.tools." + name, to + arguments), input: input,
          environment: ["KAFKA_TOOL_OPTS": "-Xmx256m"], seconds: 120, scratch: scratch)
        #expect(outcome.code == 0, "\(name): \(outcome.output)\(outcome.errors)")
        return outcome
      }
      let lines = (0..<20).map { "line \($0)" }
      _ = try tool("ConsoleProducer", ["--topic", "letters"], input: lines.joined(separator: "\n") + "\n")
      let reading = [
        "--topic", "letters", "--group", "readers", "--timeout-ms", "60000", "--max-messages", "10",
        "--command-property", "auto.offset.reset=earliest",
      ]
      let first = try tool("consumer.ConsoleConsumer", reading).lines
      let second = try tool("consumer.ConsoleConsumer", reading).lines
      #expect((first + second).sorted() == lines.sorted())
      let described = try tool(
        "consumer.group.ConsumerGroupCommand", ["--describe", "--group", "readers"]
      ).output
      #expect(described.contains("letters"))
      let own = try run(
        [Tools.millrace, "group", "describe", "readers", "--bootstrap", server.bootstrap], scratch: scratch)
      #expect(own.output.contains("ago: member-left, by console-consumer at /127.0.0.1"), "\(own.output)\(own.errors)")
      #expect(server.stop() == 0)
    }
  }
}
