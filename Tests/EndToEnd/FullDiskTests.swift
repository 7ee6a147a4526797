import TestFixtures
import Testing

extension EndToEndTests {
  /// The data folder on a volume that fills up under a foreign client.
  @Suite(
    .enabled(if: SmallVolume.isAllowed, "this machine does not let tests mount a small volume"),
    .enabled(if: Tools.python != nil, "the Python clients are not installed"))
  struct FullDiskTests {
    /// A checkpoint now and then, so that the journal does not fill the volume alone.
    private static let settings = ["journal.checkpoint.bytes=8388608", "journal.file.bytes=33554432"]

    private let scratch: Scratch
    private let volume: SmallVolume
    private let noted: String

    init() throws {
      scratch = try Scratch()
      volume = try SmallVolume(mebibytes: 320, scratch: scratch)
      noted = scratch.newPath("acknowledged")
    }

    private func start(port: UInt16 = 0) throws -> RunningServer {
      try RunningServer(folder: volume.path + "/data", port: port, settings: Self.settings, scratch: scratch)
    }

    private func client(_ command: String, _ server: RunningServer) throws -> String {
      let outcome = try run(
        try Tools.client("full_disk", [command, server.bootstrap, noted]), seconds: 120, scratch: scratch)
      try #require(outcome.code == 0, "\(command): \(outcome.output)\(outcome.errors)\(server.child.errors)")
      return outcome.output
    }

    private func isToldFull(_ server: RunningServer) throws {
      #expect(try server.reaches("millrace_disk_full", 1))
      #expect(try HTTPClient.get(server.http, "/healthz").contains("the disk is full"))
      #expect(server.child.errors.contains("the disk is full"))
    }

    @Test(arguments: ["delete", "purge"]) func itHealsWhenRecordsAreDeleted(_ way: String) throws {
      let server = try start()
      #expect(try client("fill", server) == "KAFKA_STORAGE_ERROR 200 read\n")
      try isToldFull(server)
      #expect(try server.metric("millrace_disk_alarm_level").map { $0 >= 1 } == true)
      #expect(server.child.errors.contains("disk alarm, "))
      #expect(try server.metric("millrace_kafka_errors_total{api=\"Produce\",error=\"KAFKA_STORAGE_ERROR\"}") != nil)
      _ = try client(way, server)
      _ = try client("write", server)
      #expect(try client("verify", server) == "300 there\n")
      #expect(try server.reaches("millrace_disk_full", 0))
      #expect(server.child.errors.contains("the disk has room again"))
      #expect(try HTTPClient.get(server.http, "/healthz").hasSuffix("\r\n\r\nok\n"))
      #expect(server.stop() == 0)
    }

    @Test func aCrashWhileItIsFullLosesNothing() throws {
      let server = try start()
      _ = try client("fill", server)
      try isToldFull(server)
      server.crash()
      let again = try start(port: server.port)
      let there = try client("verify", again)
      // What the crash left unused of the journal's files is room again.
      _ = try client("refill", again)
      try isToldFull(again)
      let full = try client("verify", again)
      #expect(Self.count(full) >= Self.count(there))
      try volume.resize(mebibytes: 480)
      _ = try client("write", again)
      #expect(try again.reaches("millrace_disk_full", 0))
      again.crash()
      let last = try start(port: server.port)
      let now = try client("verify", last)
      #expect(Self.count(now) == Self.count(full) + 100)
      #expect(last.stop() == 0)
    }

    private static func count(_ text: String) -> Int { text.split(separator: " ").first.flatMap { Int($0) } ?? -1 }
  }
}
