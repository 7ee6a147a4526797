import ByteCodec
import Reactor
import Testing

@Suite struct FramingTests {
  @Test func manyFramesInOneWriteComeBackInOrder() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let bodies = (0..<5_000).map { pattern($0 % 61, seed: $0) }
    let sender = Sender(client, bodies.flatMap { frame($0) })
    for body in bodies { #expect(try client.readFrame() == body) }
    try sender.finish()
  }

  @Test func smallAndLargeFramesMixedComeBackInOrder() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let bodies = [3, 300_000, 0, 70_000, 1, 65_536, 1_200_000, 12].map { pattern($0, seed: $0) }
    let sender = Sender(client, bodies.flatMap { frame($0) })
    for body in bodies { #expect(try client.readFrame() == body) }
    try sender.finish()
  }

  @Test func aFrameMayBeSplitAnywhere() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let body = pattern(40)
    let bytes = frame(body) + frame([7])
    for cut in 1..<bytes.count {
      try client.write(Array(bytes[..<cut]))
      try server.loop.letTurnsPass()
      try client.write(Array(bytes[cut...]))
      #expect(try client.readFrame() == body)
      #expect(try client.readFrame() == [7])
    }
  }

  @Test(arguments: [-1, Int32.min]) func aNegativeLengthCloses(length: Int32) throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    try client.write(lengthPrefix(length))
    #expect(try server.closeReason() == .negativeLength(length))
    #expect(try client.isClosedByPeer())
  }

  @Test(arguments: [1001, Int32.max]) func aTooLargeFrameCloses(length: Int32) throws {
    let server = try EchoServer(limits: ConnectionLimits(maxFrameBytes: 1000))
    defer { server.stop() }
    let client = try TestClient(server.address)
    let fitting = pattern(1000)
    try client.write(frame(fitting))
    #expect(try client.readFrame() == fitting)
    try client.write(lengthPrefix(length))
    #expect(try server.closeReason() == .frameTooLarge(Int(length), limit: 1000))
    #expect(try client.isClosedByPeer())
  }

  @Test func theHandlerMayRefuse() throws {
    let server = try EchoServer(verdict: { _, length in length == 13 ? .close(.handler("no thirteens")) : .accept })
    defer { server.stop() }
    let client = try TestClient(server.address)
    try client.write(frame([1]) + frame(pattern(13)))
    #expect(try server.closeReason() == .handler("no thirteens"))
  }

  @Test(arguments: [10, 200_000]) func waitStopsReadingUntilResumed(size: Int) throws {
    let asked = Notes<Int>()
    let mayPass = Notes<Bool>()
    let server = try EchoServer(verdict: { _, length in
      guard length == size else { return .accept }
      asked.put(length)
      guard !mayPass.isEmpty, (try? mayPass.take()) == true else { return .wait }
      return .accept
    })
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    let sender = Sender(client, frame([1]) + frame(pattern(size)) + frame([2]))
    #expect(try client.readFrame() == [1])
    #expect(try asked.take() == size)
    try server.loop.letTurnsPass()
    // Resumed while there is still no room: it is asked again and waits again.
    try server.loop.ask { connection.resumeReading() }
    #expect(try asked.take() == size)
    try server.loop.letTurnsPass(5)
    #expect(asked.isEmpty)
    mayPass.put(true)
    try server.loop.ask { connection.resumeReading() }
    #expect(try client.readFrame() == pattern(size))
    #expect(try client.readFrame() == [2])
    try sender.finish()
  }

  @Test func aPausedConnectionDeliversNothing() throws {
    let bodies = Notes<[UInt8]>()
    let server = try EchoServer(received: { connection, body in
      bodies.put(body.copy())
      connection.pauseReading()
    })
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    try client.write((0..<4).flatMap { frame([UInt8($0)]) })
    for number in 0..<4 {
      #expect(try bodies.take() == [UInt8(number)])
      try server.loop.letTurnsPass(3)
      #expect(bodies.isEmpty)
      // More bytes while nobody reads must not keep the loop busy, nor be lost.
      if number == 3 { try client.write(frame([4])) }
      try server.loop.letTurnsPass(3)
      #expect(bodies.isEmpty)
      try server.loop.ask { connection.resumeReading() }
    }
    #expect(try bodies.take() == [4])
  }

  @Test func aResetInTheMiddleOfAFrameIsReported() throws {
    let announced = Notes<Int>()
    let server = try EchoServer(verdict: { _, length in
      announced.put(length)
      return .accept
    })
    defer { server.stop() }
    let client = try TestClient(server.address)
    try client.write(lengthPrefix(1 << 20) + pattern(1000))
    _ = try announced.take()
    try server.loop.letTurnsPass()
    client.reset()
    #expect(try server.closeReason() == .peerReset)
  }

  @Test func anEndInTheMiddleOfAFrameIsReported() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    try client.write(lengthPrefix(100) + pattern(10))
    client.close()
    #expect(try server.closeReason() == .peerClosed)
  }

  @Test func fiveHundredConnectionsAreServed() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let clients = try (0..<500).map { _ in try TestClient(server.address) }
    for round in 0..<3 {
      for (index, client) in clients.enumerated() { try client.write(frame(pattern(index, seed: round))) }
      for (index, client) in clients.enumerated() { #expect(try client.readFrame() == pattern(index, seed: round)) }
    }
    for client in clients { client.close() }
    for _ in clients { #expect(try server.closeReason() == .peerClosed) }
  }
}
