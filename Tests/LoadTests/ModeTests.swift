import Load
import MillraceServer
import Terminal
import Testing

/// Each mode against a server in this process, in small. A batch of 16 KiB has 16 records of 1,000 bytes.
@Suite struct ModeTests {
  private static func run(_ server: Server, _ words: String...) throws -> [String: String] {
    let found = try LoadModes.run([words[0], "--broker", server.kafkaAddresses[0]] + words.dropFirst())
    let pairs = found.split(separator: " ").map { $0.split(separator: "=") }
    return Dictionary(pairs.map { (String($0[0]), String($0[1])) }) { $1 }
  }

  private static func served(_ body: (Server) throws -> Void) throws {
    let server = try Server(Server.Configuration(folder: nil))
    defer { server.stop() }
    try body(server)
  }

  @Test func whatIsProducedIsConsumed() throws {
    try Self.served { server in
      let produced = try Self.run(server, "produce", "--partitions", "3", "--megabytes", "2")
      #expect(produced["records"] == "2000")
      let read = try Self.run(server, "consume", "--connections", "2", "--partition-bytes", "20000", "--passes", "2")
      #expect(read["records"] == "4000")
    }
  }

  @Test func anIdempotentProducerIsNotRefused() throws {
    try Self.served { server in
      let found = try Self.run(server, "produce", "--idempotent", "--partitions", "8", "--megabytes", "1")
      #expect(found["records"] == "1008")
      let keyed = try Self.run(server, "produce", "--topic", "keyed", "--keys", "5", "--megabytes", "1")
      #expect(keyed["records"] == "1008")
      _ = try Self.run(server, "produce", "--topic", "fast", "--acks", "0", "--megabytes", "1")
    }
  }

  @Test func latenciesCountEveryRecordBehindTheWarming() throws {
    try Self.served { server in
      let found = try Self.run(server, "latency", "--rate", "2000", "--seconds", "1", "--warm-seconds", "1")
      #expect(found["records"] == "2000")
      #expect(Double(found["p99_ms"] ?? "") ?? 0 > 0)
    }
  }

  @Test func commitsAndTransactionsAreCounted() throws {
    try Self.served { server in
      #expect(try Self.run(server, "commits", "--commits", "100")["commits"] == "100")
      let one = try Self.run(server, "transactions", "--transactions", "40", "--topic", "one")
      #expect(one["transactions"] == "40")
      // Each transaction of a hundred records is several batches, and leaves a marker.
      _ = try Self.run(server, "transactions", "--transactions", "20", "--records", "100", "--topic", "many")
      let read = try Self.run(server, "consume", "--topic", "many")
      #expect(read["records"] == "2020")
    }
  }

  @Test(arguments: ["classic", "consumer"])
  func membersComeAndGo(_ protocol: String) throws {
    try Self.served { server in
      let found = try Self.run(
        server, "rebalance", "--protocol", `protocol`, "--members", "2", "--partitions", "6", "--heartbeat", "50")
      #expect(found["changes"] == "2")
      #expect(Double(found["longest_ms"] ?? "") ?? 0 > 0)
    }
  }

  @Test func whatIsNotUnderstoodIsRefused() {
    #expect(throws: UsageError.self) { try LoadModes.run(["walk"]) }
    #expect(throws: UsageError.self) { try LoadModes.run(["produce", "--record", "20000"]) }
    #expect(throws: UsageError.self) { try LoadModes.run(["produce", "--idempotent", "--acks", "1"]) }
  }
}
