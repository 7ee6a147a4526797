import Glibc
import Testing

extension EndToEndTests {
  /// The program as a process: one at a time on a folder, and an orderly stop.
  @Suite struct ServerTests {
    @Test func aSecondStartSaysWhoHoldsTheFolder() throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      let server = try RunningServer(folder: folder, scratch: scratch)
      let second = try run(
        [Tools.millrace, "serve", "--data", folder, "--kafka", "127.0.0.1:0"], seconds: 20, scratch: scratch)
      #expect(second.code == 75)
      #expect(second.errors.contains("\(server.child.pid)"), "\(second.errors)")
      #expect(server.stop() == 0)
    }

    @Test func aStopInOrderIsKnownAtTheNextStart() throws {
      let scratch = try Scratch()
      let folder = scratch.newPath("data")
      let first = try RunningServer(folder: folder, scratch: scratch)
      let began = ContinuousClock.now
      #expect(first.stop() == 0)
      #expect(ContinuousClock.now - began < .seconds(5))
      let second = try RunningServer(folder: folder, scratch: scratch)
      #expect(second.child.errors.contains(#""message":"stopped in order before"#), "\(second.child.errors)")
      second.crash()
      let third = try RunningServer(folder: folder, scratch: scratch)
      #expect(third.child.errors.contains(#""message":"not stopped in order before"#), "\(third.child.errors)")
      #expect(third.stop() == 0)
    }

    @Test func aTakenPortIsRefusedWithItsReason() throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), scratch: scratch)
      let second = try run(
        [Tools.millrace, "serve", "--data", scratch.newPath("data"), "--kafka", server.bootstrap], seconds: 20,
        scratch: scratch)
      #expect(second.code != 0)
      #expect(second.errors.contains(server.bootstrap), "\(second.errors)")
      #expect(server.stop() == 0)
    }
  }
}
