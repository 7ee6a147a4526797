import ByteCodec
import Glibc
import Machine
import Reactor
import Testing
import Units

/// Ranges of files between bytes: sent by the system where it can, and never awaited by the loop.
@Suite struct FileOutputTests {
  /// More than the sockets of both sides take.
  private static let large = 2_000_000

  @Test(arguments: [true, false])
  func filesAndBytesLeaveInOrder(canBeSent: Bool) throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    let content = pattern(3_000_000)
    let died = Notes<Bool>()
    let loans = FileLoans(limit: 2)
    let expected = pattern(9) + content[100..<2_900_000] + pattern(70_000, seed: 1) + content[..<10] + [1, 2]
    do {
      let file = try ScratchFile(content, canBeSent: canBeSent) { died.put(true) }
      let parts: [OutputPart] = [
        .bytes(ByteSlice(copying: pattern(9))), .file(try file.range(100, 2_899_900, loans)),
        .bytes(ByteSlice(copying: pattern(70_000, seed: 1))), .file(try file.range(0, 10, loans)), .bytes(.empty),
        .bytes(ByteSlice(copying: [1, 2])),
      ]
      #expect(loans.count == 2 && loans.lend(file) == nil)
      try server.loop.ask { connection.send(parts) }
    }
    #expect(try client.read(expected.count) == expected)
    #expect(try died.take())
    #expect(loans.count == 0)
    #expect(try server.loop.ask { connection.queuedBytes + connection.queuedFileBytes } == 0)
  }

  @Test func whatIsNotInMemoryIsFetchedBeforeAnythingBehindItLeaves() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    let content = pattern(200_000)
    let file = try ScratchFile(content)
    file.setResident(false)
    let range = try file.range(1_000, 199_000)
    try server.loop.ask {
      connection.send([.bytes(ByteSlice(copying: [7])), .file(range), .bytes(ByteSlice(copying: [8]))])
    }
    #expect(try server.sights.take() == .fileNotCached(1_000, ReactorLimits.fileReadBytes))
    #expect(try client.read(1) == [7])
    // Nobody is asked twice, and an answer of the same turn waits behind.
    try server.loop.ask { connection.send([ByteSlice(copying: [9])]) }
    try server.loop.letTurnsPass(5)
    #expect(server.sights.isEmpty)
    #expect(try server.loop.ask { connection.queuedFileBytes } == 199_000)
    try server.loop.ask { connection.supply(Result { () throws(DiskError) in try range.prefix(65_536).read() }) }
    #expect(try server.sights.take() == .fileNotCached(66_536, ReactorLimits.fileReadBytes))
    file.setResident(true)
    try server.loop.ask {
      connection.supply(Result { () throws(DiskError) in try range.dropping(65_536).prefix(65_536).read() })
    }
    #expect(try client.read(199_002) == content[1_000...] + [8, 9])
    #expect(try server.loop.ask { connection.queuedBytes + connection.queuedFileBytes } == 0)
  }

  @Test func aSlowPeersFileIsAskedForAgain() throws {
    let server = try EchoServer(missing: { connection, range in
      connection.supply(Result { () throws(DiskError) in try range.read() })
    })
    defer { server.stop() }
    let client = try TestClient(server.address, receiveBuffer: 4096)
    let connection = try server.connections.take()
    let content = pattern(Self.large)
    let file = try ScratchFile(content)
    let range = try file.range(0, content.count)
    try server.loop.ask {
      limitSendBuffer(connection)
      connection.send([OutputPart.file(range)])
    }
    try server.loop.letTurnsPass(30)
    let left = try server.loop.ask { connection.queuedFileBytes }
    #expect(left > 1_000_000 && server.sights.isEmpty)
    // The pages go while the peer takes its time: from here on all of it comes through memory, a little at a time.
    file.setResident(false)
    client.widen()
    #expect(try client.read(content.count) == content)
    #expect(try server.loop.ask { connection.queuedBytes + connection.queuedFileBytes } == 0)
    var asked = 0
    while !server.sights.isEmpty, case .fileNotCached(_, let count) = try server.sights.take() { asked += count }
    #expect(asked == left)
  }

  @Test func aFileThatEndsEarlyClosesTheConnection() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    let range = try ScratchFile(pattern(1000)).range(0, 1001)
    try server.loop.ask { connection.send([OutputPart.file(range)]) }
    #expect(try server.closeReason() == .fileEnded("scratch"))
    #expect(try client.read(2000).count == 1000)
  }

  @Test(arguments: [true, false])
  func aFileCutWhileItIsSentClosesTheConnection(canBeSent: Bool) throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address, receiveBuffer: 4096)
    let connection = try server.connections.take()
    let content = pattern(Self.large)
    let file = try ScratchFile(content, canBeSent: canBeSent)
    let range = try file.range(0, content.count)
    try server.loop.ask {
      limitSendBuffer(connection)
      connection.send([OutputPart.file(range)])
    }
    try server.loop.letTurnsPass(30)
    #expect(try server.loop.ask { connection.queuedFileBytes } > 1_000_000)
    try file.truncate(to: ByteCount(Int64(Self.large - 10_000)))
    client.widen()
    let got = try client.read(content.count)
    #expect(got.count <= Self.large - 10_000 && got == Array(content[..<got.count]))
    #expect(try server.closeReason() == .fileEnded("scratch"))
  }

  @Test func aFileThatCannotBeReadClosesTheConnection() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let file = try ScratchFile(pattern(1000))
    file.setResident(false)
    for result: Result<ByteSlice, DiskError> in [
      .failure(DiskError(call: .read, path: "scratch", code: EIO)), .success(ByteSlice(copying: pattern(999))),
    ] {
      let client = try TestClient(server.address)
      let connection = try server.connections.take()
      let range = try file.range(0, 1000)
      try server.loop.ask { connection.send([OutputPart.file(range)]) }
      #expect(try server.sights.take() == .fileNotCached(0, 1000))
      try server.loop.ask { connection.supply(result) }
      let reason: CloseReason
      if case .failure = result { reason = .fileFailed("scratch", EIO) } else { reason = .fileEnded("scratch") }
      #expect(try server.closeReason() == reason)
      #expect(try client.isClosedByPeer())
      try server.loop.ask { connection.supply(result) }  // too late: nothing happens
    }
  }

  @Test func aClosedConnectionGivesItsFilesBack() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let connection = try server.connections.take()
    let loans = FileLoans(limit: 1)
    let file = try ScratchFile(pattern(1000))
    file.setResident(false)
    do {
      let range = try file.range(0, 1000, loans)
      try server.loop.ask { connection.send([OutputPart.file(range)]) }
    }
    #expect(try server.sights.take() == .fileNotCached(0, 1000))
    #expect(loans.count == 1)
    client.reset()
    #expect(try server.closeReason() == .peerReset)
    try server.loop.letTurnsPass()
    #expect(loans.count == 0 && loans.lend(file) != nil)
  }
}

/// Makes the socket take little, so that most of a reply waits.
private func limitSendBuffer(_ connection: Connection) {
  var size: Int32 = 65_536
  setsockopt(connection.descriptor, SOL_SOCKET, SO_SNDBUF, &size, 4)
}
