import Limits
import Measuring
import MillraceServer
import Testing

/// The clients of the scenarios against a server in this process, in small.
@Suite struct ClientTests {
  private static func served(_ body: (String) throws -> Void) throws {
    let server = try Server(Server.Configuration(folder: nil))
    defer { server.stop() }
    try body(server.kafkaAddresses[0])
  }

  @Test func aLoadCountsWhatIsAcknowledged() throws {
    try Self.served { address in
      try Topics.make("t", partitions: 2, at: address)
      let targets = (0..<2).map { Load.Target(topic: "t", partition: Int32($0)) }
      let load = try Load(address, targets: targets, connections: 3, window: 2, batchBytes: 5_000)
      load.run(seconds: 60, batches: 40)
      load.close()
      #expect(load.batches >= 40 && load.refusals.isEmpty && load.lost == 0)
      // Four records of 1,000 bytes in a batch.
      #expect(load.ends.values.reduce(0, +) == 4 * Int64(load.batches))
    }
  }

  @Test func aLoadCountsWhatIsRefusedAndWhoIsLost() throws {
    try Self.served { address in
      try Topics.make("t", at: address)
      let load = try Load(
        address, targets: [.init(topic: "t", partition: 7)], connections: 1, window: 1, batchBytes: 100)
      load.run(seconds: 0.2, batches: 1)
      load.close()
      #expect(load.batches == 0 && load.refusals[3] ?? 0 > 0)
    }
  }

  @Test func aCrowdHearsWhenTheServerEndsAConnection() throws {
    try Self.served { address in
      let crowd = try Crowd(address)
      var closed: [Int] = []
      crowd.onClosed = { closed.append($0) }
      let (good, bad) = (try crowd.connect(), try crowd.connect())
      crowd.send([255, 255, 255, 255], on: bad)
      #expect(crowd.run(seconds: 20, until: { !closed.isEmpty }))
      #expect(closed == [bad] && crowd.isOpen(good) && !crowd.isOpen(bad) && crowd.openCount == 1)
      crowd.closeAll()
    }
  }

  @Test func theSteadyClientReadsWhatItSends() throws {
    try Self.served { address in
      try Topics.make(SteadyClient.topic, at: address)
      let steady = try SteadyClient(address, rate: 1_000)
      defer { steady.stop() }
      var (sent, read, failures) = (0, 0, 0)
      let deadline = nanoseconds() + 20_000_000_000
      while read < 50, nanoseconds() < deadline {
        let sight = steady.takeSight()
        (sent, read) = (sent + sight.produced.count, read + sight.received.count)
        failures += sight.failures
      }
      #expect(sent >= 50 && read >= 50 && failures == 0)
    }
  }
}
