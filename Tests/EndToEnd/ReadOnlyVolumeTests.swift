import Testing

extension EndToEndTests {
  /// The file system of the data folder turns read-only under the load of a foreign client.
  @Suite(
    .enabled(if: DiskVolume.isAllowed, "this machine does not let tests mount a file system"),
    .enabled(if: Tools.python != nil, "the Python clients are not installed"))
  struct ReadOnlyVolumeTests {
    private static let settings = ["journal.file.bytes=33554432"]

    @Test func itEndsTheProcessAndNothingAcknowledged() throws {
      let scratch = try Scratch()
      let volume = try DiskVolume(mebibytes: 512, scratch: scratch)
      let folder = volume.path + "/data"
      let server = try RunningServer(folder: folder, settings: Self.settings, scratch: scratch)
      let acknowledged = scratch.newPath("acknowledged")
      let load = try Child(try Tools.client("kill_load", [server.bootstrap, "load", acknowledged]), scratch: scratch)
      try goesOn(load)
      try volume.turnReadOnly()
      #expect(server.child.wait() == 74)
      #expect(
        server.child.errors.contains("the disk failed, so nothing more is acknowledged"), "\(server.child.errors)")

      // It says so, and changes nothing, as long as it is.
      let refused = try run(
        [Tools.millrace, "serve", "--data", folder, "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"],
        scratch: scratch)
      #expect(refused.code != 0)
      #expect(refused.errors.contains("EROFS"), "\(refused.errors)")

      try volume.mountAgain()
      let again = try RunningServer(
        folder: folder, port: server.port, settings: Self.settings, scratch: scratch)
      try goesOn(load)
      load.closeInput()
      let said = try load.output.rest(within: 120)
      try #require(load.wait() == 0, "\(said)\(load.errors)")
      let verdict = try run(
        try Tools.client("kill_verify", [again.bootstrap, "load", acknowledged]), seconds: 120, scratch: scratch)
      #expect(verdict.code == 0, "\(verdict.output)\(verdict.errors)")
      #expect(again.stop() == 0)
    }

    /// A thousand records more are acknowledged to `load`.
    private func goesOn(_ load: Child) throws {
      for _ in 0..<2 {
        let said = try load.output.line(within: 60)
        try #require(said == "+", "\(load.errors)")
      }
    }
  }
}
