import ByteCodec
import CLinux
import Glibc
import Reactor
import Testing

/// What one connection may take of a turn, and of memory.
@Suite struct ShareTests {
  /// Counts what each turn brings; loop thread only.
  private final class Meter: @unchecked Sendable {
    var frames = 0
    var bytes = 0
    var turns: [(frames: Int, bytes: Int)] = []

    func endTurn() {
      if frames > 0 { turns.append((frames, bytes)) }
      (frames, bytes) = (0, 0)
    }
  }

  /// Sends `bytes`, which hold `count` frames, and answers what each turn delivered.
  private func turns(of bytes: [UInt8], count: Int) throws -> [(frames: Int, bytes: Int)] {
    let meter = Meter()
    let server = try EchoServer(received: { _, frame in
      meter.frames += 1
      meter.bytes += frame.count
    })
    defer { server.stop() }
    try server.loop.ask { server.loop.atEndOfTurn { meter.endTurn() } }
    let client = try TestClient(server.address)
    try client.write(bytes)
    try server.loop.wait { meter.turns.reduce(0) { $0 + $1.frames } == count }
    return try server.loop.ask { meter.turns }
  }

  @Test func aFloodOfTinyFramesIsSpreadOverTurns() throws {
    let seen = try turns(of: (0..<10_000).flatMap { _ in lengthPrefix(0) }, count: 10_000)
    #expect(seen.map(\.frames).max() ?? 0 <= ReactorLimits.framesPerTurn)
  }

  @Test func aFloodOfBytesIsSpreadOverTurns() throws {
    let body = pattern(100_000)
    let seen = try turns(of: (0..<60).flatMap { _ in frame(body) }, count: 60)
    let most = ReactorLimits.readBytesPerTurn + ReactorLimits.scratchBytes + body.count
    #expect(seen.map(\.bytes).max() ?? 0 <= most)
  }

  @Test func anIdleConnectionKeepsUnderTwoKibibytes() async {
    await #expect(processExitsWith: .success) {
      let server = try EchoServer()
      func serve(_ count: Int) throws -> [TestClient] {
        let clients = try (0..<count).map { _ in try TestClient(server.address) }
        for client in clients {
          try client.write(frame(pattern(40_000)))
          try #require(try client.readFrame().count == 40_000)
        }
        return clients
      }
      func heldBytes() -> Int { Int(mallinfo2().uordblks) + Int(mallinfo2().hblkhd) }
      let first = try serve(50)
      try server.loop.letTurnsPass()
      let before = heldBytes()
      let more = try serve(400)
      try server.loop.letTurnsPass()
      // The test's own client and handler are in it.
      let each = (heldBytes() - before) / more.count
      #expect(each < 2048)
      #expect(each > 100)
      _ = first
      server.stop()
    }
  }
}
