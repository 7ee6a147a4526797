import ByteCodec
import Reactor
import Testing

@Suite struct EchoTests {
  @Test(arguments: [0, 1, 100, 65_531, 65_532, 65_535, 65_536, 65_537, 1 << 20])
  func framesComeBack(size: Int) throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    for round in 0..<3 {
      let body = pattern(size, seed: round)
      let writer = Sender(client, frame(body))
      #expect(try client.readFrame() == body)
      try writer.finish()
    }
  }
}
