import ByteCodec
import Glibc
import Reactor
import Testing

/// How many descriptors this process has open.
private func openDescriptors() -> Int {
  guard let folder = opendir("/proc/self/fd") else { return -1 }
  defer { closedir(folder) }
  var count = 0
  while readdir(folder) != nil { count += 1 }
  return count
}

/// One life of a server with connections in every state.
private func liveAndStop() throws {
  let other = try EventLoop(name: "other-loop", clock: SystemClock())
  try other.start()
  let server = try EchoServer(
    loops: [other], verdict: { _, length in length == 99 ? .wait : .accept })
  let clients = try (0..<20).map { _ in try TestClient(server.address, receiveBuffer: 4096) }
  for client in clients {
    try client.write(frame([1]))
    #expect(try client.readFrame() == [1])
  }
  let connections = try (0..<20).map { _ in try server.connections.take() }
  try clients[0].write(frame(pattern(99)))
  try clients[1].write(lengthPrefix(1_000_000) + pattern(1000))
  let large = ByteSlice(copying: pattern(10_000_000))
  let range = try ScratchFile(pattern(10_000_000)).range(0, 10_000_000)
  try other.ask {
    connections[2].send([large])
    connections[3].send([OutputPart.file(range)])
    connections[4].closeAfterFlush(.handler("done"))
    connections[5].pauseReading()
  }
  try other.letTurnsPass(20)
  let lane = try Lane(name: "lane")
  #expect(lane.submit {})
  lane.stop()
  server.stop()
  other.stop()
  other.join()
  for _ in clients { _ = try server.closeReason() }
  #expect(server.sights.isEmpty)
  for connection in connections { #expect(!connection.isOpen) }
}

@Suite struct ShutdownTests {
  @Test func aStoppedServerLeavesNoDescriptorBehind() async {
    await #expect(processExitsWith: .success) {
      try liveAndStop()
      let before = openDescriptors()
      for _ in 0..<5 { try liveAndStop() }
      #expect(openDescriptors() == before)
    }
  }
}
