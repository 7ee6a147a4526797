import ByteCodec
import Faults
import KafkaWire
import Reactor
import Testing

/// The proxy between a client and a server that the test plays.
@Suite(.timeLimit(.minutes(5))) struct FaultProxyTests {
  private let clock = HandClock()
  private let proxy: FaultProxy
  private let server: TestSocket

  init() throws {
    let (socket, port) = try TestSocket.listening()
    server = socket
    proxy = try FaultProxy(seed: 1, clock: clock)
    proxy.forward(to: port)
  }

  /// A connection from end to end.
  private func pair() throws -> (client: TestSocket, server: TestSocket) {
    let client = try TestSocket(port: proxy.address.port)
    return (client, try server.accepted())
  }

  /// A frame that the proxy takes for records of an idempotent producer.
  private static let produce: [UInt8] = {
    var writer = ByteWriter()
    RequestHeader(apiKey: APIKey.produce.rawValue, apiVersion: 3, correlationId: 1).encode(to: &writer)
    writer.writeInt16(-1)
    return writer.takeArray()
  }()

  @Test func framesPassBothWays() throws {
    defer { proxy.stop() }
    let (client, far) = try pair()
    let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    try client.send(body)
    #expect(try far.frame() == body)
    try far.send([])
    try far.send([1])
    #expect(try client.frame() == [])
    #expect(try client.frame() == [1])
    #expect(proxy.counts.frames == 3)
  }

  @Test func anEndIsAnEndForBoth() throws {
    defer { proxy.stop() }
    let (client, far) = try pair()
    proxy.cutAll()
    #expect(try client.frame() == nil)
    #expect(try far.frame() == nil)
    let (other, itsFar) = try pair()
    try other.send([6])
    #expect(try itsFar.frame() == [6])
    #expect(proxy.counts.connections == 2)
  }

  @Test func aServerThatIsGoneClosesItsClients() throws {
    defer { proxy.stop() }
    let client = try TestSocket(port: proxy.address.port)
    try server.accepted().send([5])
    #expect(try client.frame() == [5])
    #expect(try client.frame() == nil)
  }

  @Test func aPortNobodyListensOnClosesTheClient() throws {
    defer { proxy.stop() }
    // The socket that had the port is gone with the tuple.
    proxy.forward(to: try TestSocket.listening().port)
    let client = try TestSocket(port: proxy.address.port)
    #expect(try client.frame() == nil)
  }

  @Test func whoIsRefusedIsClosed() throws {
    defer { proxy.stop() }
    proxy.refuse(true)
    let refused = try TestSocket(port: proxy.address.port)
    #expect(try refused.frame() == nil)
    proxy.refuse(false)
    let (client, far) = try pair()
    try client.send([9])
    #expect(try far.frame() == [9])
  }

  @Test func cutsEndConnectionsInsideFramesAndBetweenThem() throws {
    defer { proxy.stop() }
    proxy.set(.cuts)
    for _ in 0..<200 where proxy.counts.cuts == 0 || proxy.counts.tears == 0 {
      let (client, far) = try pair()
      var sent = 0
      while try step(client, far) { sent += 1 }
      #expect(sent < 5_000)
    }
    #expect(proxy.counts.cuts > 0 && proxy.counts.tears > 0)
  }

  /// One frame there and one back; false when the connection ended.
  private func step(_ client: TestSocket, _ far: TestSocket) throws -> Bool {
    do { try client.send([1, 2, 3]) } catch { return false }
    guard try far.frame() != nil else { return false }
    do { try far.send([4]) } catch { return false }
    return try client.frame() != nil
  }

  @Test func whatIsHeldArrivesAfterItsSenderHasGone() throws {
    defer { proxy.stop() }
    proxy.set(.disorder)
    var client: TestSocket? = try TestSocket(port: proxy.address.port)
    let far = try server.accepted()
    // So many that some are held, and with them all that follow.
    for _ in 0..<400 { try client?.send(Self.produce) }
    client = nil
    var arrived = 0
    while proxy.counts.late == 0 {
      clock.move(byMs: 6_000)
      // Somebody who knocks wakes the loop: nothing else tells it that its clock was moved.
      _ = try TestSocket(port: proxy.address.port)
      guard try far.frame() != nil else { break }
      arrived += 1
    }
    #expect(proxy.counts.late > 0 && proxy.counts.held > 0 && arrived > 0)
  }
}
