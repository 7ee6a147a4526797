import ByteCodec
import Reactor
import Testing

@Suite struct DeadlineTests {
  @Test func aSilentConnectionIsClosedAfterTheIdleTime() throws {
    let clock = HandClock()
    let server = try EchoServer(clock: clock, limits: ConnectionLimits(maxFrameBytes: 100, idleMs: 10_000))
    defer { server.stop() }
    let client = try TestClient(server.address)
    _ = try server.connections.take()
    clock.move(byMs: 9_000)
    try client.write(frame([1]))
    #expect(try client.readFrame() == [1])
    clock.move(byMs: 9_999)
    try server.loop.letTurnsPass()
    #expect(server.sights.isEmpty)
    clock.move(byMs: 1)
    try server.loop.letTurnsPass()
    #expect(try server.closeReason() == .idle)
    #expect(try client.isClosedByPeer())
  }

  @Test func withoutAnIdleTimeAConnectionStays() throws {
    let clock = HandClock()
    let server = try EchoServer(clock: clock, limits: ConnectionLimits(maxFrameBytes: 100, idleMs: nil))
    defer { server.stop() }
    let client = try TestClient(server.address)
    _ = try server.connections.take()
    clock.move(byMs: 1_000_000_000)
    try server.loop.letTurnsPass()
    try client.write(frame([1]))
    #expect(try client.readFrame() == [1])
  }

  /// A body of 1 MiB has begun, and `sent` bytes of it were read.
  private func beginBody(_ clock: HandClock, sent: Int) throws -> (EchoServer, TestClient, Connection) {
    let server = try EchoServer(clock: clock)
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    try client.write(lengthPrefix(1 << 20) + pattern(sent))
    try server.loop.wait { connection.bodyBytesArrived == sent }
    return (server, client, connection)
  }

  @Test func aBodyThatStandsStillIsSlowAfterFiveSeconds() throws {
    let clock = HandClock()
    let (server, client, _) = try beginBody(clock, sent: 1)
    defer { server.stop() }
    clock.move(byMs: 4_999)
    try server.loop.letTurnsPass()
    #expect(server.sights.isEmpty)
    clock.move(byMs: 1)
    try server.loop.letTurnsPass()
    #expect(try server.closeReason() == .slowBody)
    #expect(try client.isClosedByPeer())
  }

  @Test func everySixtyFourKibibytesBuyASecond() throws {
    let clock = HandClock()
    let (server, client, connection) = try beginBody(clock, sent: 131_072)
    defer { server.stop() }
    clock.move(byMs: 6_999)
    try server.loop.letTurnsPass()
    #expect(server.sights.isEmpty)
    try client.write(pattern(65_536))
    try server.loop.wait { connection.bodyBytesArrived == 196_608 }
    clock.move(byMs: 1_000)
    try server.loop.letTurnsPass()
    #expect(server.sights.isEmpty)
    clock.move(byMs: 1)
    try server.loop.letTurnsPass()
    #expect(try server.closeReason() == .slowBody)
  }

  @Test func theClockOfABodyStandsWhileReadingIsPaused() throws {
    let clock = HandClock()
    let (server, client, connection) = try beginBody(clock, sent: 1000)
    defer { server.stop() }
    clock.move(byMs: 4_000)
    try server.loop.ask { connection.pauseReading() }
    clock.move(byMs: 60_000)
    try server.loop.letTurnsPass()
    try server.loop.ask { connection.resumeReading() }
    clock.move(byMs: 900)
    try server.loop.letTurnsPass()
    #expect(server.sights.isEmpty)
    let whole = pattern(1 << 20)
    let sender = Sender(client, Array(whole[1000...]))
    #expect(try client.readFrame() == whole)
    try sender.finish()
  }

  @Test func aPeerThatTakesNoRepliesIsClosed() throws {
    let clock = HandClock()
    let server = try EchoServer(
      clock: clock, limits: ConnectionLimits(maxFrameBytes: 100, idleMs: nil, slowReaderMs: 7_000))
    defer { server.stop() }
    let client = try TestClient(server.address, receiveBuffer: 4096)
    let connection = try server.connections.take()
    let reply = ByteSlice(copying: pattern(16_000_000))
    try server.loop.ask { connection.send([reply]) }
    try server.loop.letTurnsPass(30)
    #expect(try server.loop.ask { connection.queuedBytes } > 0)
    clock.move(byMs: 6_999)
    try server.loop.letTurnsPass()
    #expect(server.sights.isEmpty)
    clock.move(byMs: 1)
    try server.loop.letTurnsPass()
    #expect(try server.closeReason() == .slowReader)
    _ = client
  }
}
