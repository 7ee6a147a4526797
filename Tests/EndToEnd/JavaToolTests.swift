import Testing

extension ForeignClientTests {
  /// Kafka's own tools against Millrace.
  @Suite(.enabled(if: Tools.kafka != nil, "Apache Kafka does not lie beside the project")) struct JavaToolTests {
    private static let tools = "org.apache.kafka.tools."

    private func tool(_ name: String, _ arguments: [String], input: String = "", _ scratch: Scratch) throws -> Outcome {
      let outcome = try run(
        try Tools.java(Self.tools + name, arguments), input: input, environment: ["KAFKA_TOOL_OPTS": "-Xmx256m"],
        seconds: 90, scratch: scratch)
      #expect(outcome.code == 0, "\(name) \(arguments): \(outcome.output)\(outcome.errors)")
      return outcome
    }

    @Test func topicsOffsetsProducerConsumerAndSegments() throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      let server = try RunningServer(folder: folder, scratch: scratch)
      let to = ["--bootstrap-server", server.bootstrap]
      _ = try tool("TopicCommand", to + ["--create", "--topic", "letters", "--partitions", "2"], scratch)
      #expect(try tool("TopicCommand", to + ["--list"], scratch).lines.contains("letters"))
      let described = try tool("TopicCommand", to + ["--describe", "--topic", "letters"], scratch).output
      #expect(described.contains("PartitionCount: 2"))

      let lines = (0..<500).map { "line \($0)" }
      _ = try tool(
        "ConsoleProducer", to + ["--topic", "letters", "--command-property", "partitioner.ignore.keys=true"],
        input: lines.joined(separator: "\n") + "\n", scratch)
      let offsets = try tool("GetOffsetShell", to + ["--topic", "letters"], scratch).lines
      let counts = offsets.compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
      #expect(counts.count == 2 && counts.reduce(0, +) == 500, "\(offsets)")
      var read: [String] = []
      for (partition, count) in counts.enumerated() where count > 0 {
        read += try tool(
          "consumer.ConsoleConsumer",
          to + [
            "--topic", "letters", "--partition", "\(partition)", "--offset", "earliest", "--max-messages", "\(count)",
            "--timeout-ms", "30000",
          ], scratch
        ).lines
      }
      #expect(read.sorted() == lines.sorted())

      #expect(server.stop() == 0)
      let segments = try Scratch.files(below: folder, suffix: ".log")
      #expect(!segments.isEmpty)
      let dump = try tool(
        "DumpLogSegments", ["--files", segments.joined(separator: ","), "--deep-iteration", "--print-data-log"],
        scratch
      ).output
      #expect(dump.split(separator: "\n").count { $0.contains("payload: line ") } == 500)
      #expect(dump.contains("isvalid: true") && !dump.contains("isvalid: false"))
    }

    @Test(arguments: [
      ("none", "0"), ("none", "1"), ("none", "all"), ("gzip", "all"), ("snappy", "1"), ("lz4", "0"), ("zstd", "all"),
    ])
    func producerPerformance(compression: String, acks: String) throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), scratch: scratch)
      let outcome = try tool(
        "ProducerPerformance",
        [
          "--topic", "load", "--num-records", "5000", "--record-size", "1000", "--throughput", "-1",
          "--bootstrap-server", server.bootstrap, "--command-property", "acks=\(acks)",
          "compression.type=\(compression)", "enable.idempotence=\(acks == "all")",
        ], scratch)
      #expect(outcome.output.contains("5000 records sent"), "\(outcome.output)")
      #expect(server.stop() == 0)
    }
  }
}
