import ByteCodec
import Glibc
import Machine
import Reactor
import Testing

@Suite struct OutputTests {
  @Test func manySmallRepliesOfOneTurnAreGathered() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    let bodies = (0..<1_000).map { pattern(10, seed: $0) }
    let queued = try server.loop.ask {
      for body in bodies { connection.send([ByteSlice(copying: lengthPrefix(10)), ByteSlice(copying: body)]) }
      return connection.queuedBytes
    }
    #expect(queued == 14_000)
    for body in bodies { #expect(try client.readFrame() == body) }
  }

  @Test func aReplyLargerThanTheSocketIsFinishedWhenThePeerReads() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address, receiveBuffer: 4096)
    let connection = try server.connections.take()
    let body = pattern(12_000_000)
    let slice = ByteSlice(copying: body)
    try server.loop.ask { connection.send([slice, ByteSlice(copying: [1])]) }
    try server.loop.letTurnsPass(30)
    #expect(try server.loop.ask { connection.queuedBytes } > 1_000_000)
    #expect(try client.read(body.count + 1) == body + [1])
    #expect(try server.loop.ask { connection.queuedBytes } == 0)
  }

  @Test func aPeerThatReadsNothingHoldsLittleOfTheSystemsMemory() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address, receiveBuffer: 4096)
    let connection = try server.connections.take()
    let body = pattern(12_000_000)
    try server.loop.ask { connection.send([ByteSlice(copying: body)]) }
    try server.loop.letTurnsPass(30)
    let taken = try body.count - server.loop.ask { connection.queuedBytes }
    #expect(taken > 0)
    #expect(taken < 4 * Int(ReactorLimits.unsentBytes), "the system took \(taken) bytes")
    #expect(try client.read(body.count) == body)
  }

  @Test func theOwnerHearsWhenAllIsWritten() throws {
    let drained = Notes<Int>()
    let loop = try EventLoop(name: "test-loop", clock: SystemClock())
    let listener = try Listener(
      on: loop,
      .init(
        host: "127.0.0.1", port: 0, limits: .init(maxFrameBytes: 100), census: .init(.init(total: 10)))
    ) { ChunkSender($0, chunks: 5, drained) }
    try loop.start()
    let client = try TestClient(listener.address)
    try client.write(frame([]))
    #expect(try client.read(5 * ChunkSender.size).count == 5 * ChunkSender.size)
    #expect(try (0..<5).map { _ in try drained.take() } == [4, 3, 2, 1, 0])
    loop.stop()
    loop.join()
  }

  @Test func whatIsQueuedArrivesBeforeAPoliteClose() throws {
    let server = try EchoServer(received: { connection, frame in
      connection.send([ByteSlice(copying: pattern(500_000)), frame])
      connection.closeAfterFlush(.handler("enough"))
      connection.send([frame])  // too late
    })
    defer { server.stop() }
    let client = try TestClient(server.address, receiveBuffer: 4096)
    // The second frame is never read by the handler and must not turn the end into a reset.
    try client.write(frame([1, 2, 3]) + frame(pattern(1000)))
    #expect(try client.read(500_004) == pattern(500_000) + [1, 2, 3])
    #expect(try server.closeReason() == .handler("enough"))
  }

  @Test func writingToAResetConnectionIsAnEndAndNoSignal() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    try server.loop.ask { connection.pauseReading() }
    client.reset()
    #expect(try server.closeReason() == .peerReset)
    try server.loop.ask { connection.send([ByteSlice(copying: [1])]) }  // after the close: dropped
    #expect(try server.loop.ask { connection.queuedBytes } == 0)
  }
}

/// Answers the first frame with some chunks, each sent when the one before has left.
private final class ChunkSender: ConnectionHandler {
  static let size = 2_000_000
  private let connection: Connection
  private let drained: Notes<Int>
  private var left: Int

  init(_ connection: Connection, chunks: Int, _ drained: Notes<Int>) {
    self.connection = connection
    self.drained = drained
    left = chunks
  }

  func frameAnnounced(length: Int) -> FrameVerdict { .accept }
  func frameReceived(_ frame: ByteSlice) { sendNext() }
  func connectionClosed(_ reason: CloseReason) {}

  func outputDrained() {
    drained.put(left)
    if left > 0 { sendNext() }
  }

  private func sendNext() {
    left -= 1
    connection.send([ByteSlice(copying: pattern(Self.size))])
  }
}
