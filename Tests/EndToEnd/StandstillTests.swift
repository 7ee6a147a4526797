import Glibc
import Testing

extension EndToEndTests {
  /// A disk that takes its time, and a server that is stopped for a while: what groups and readers notice of it.
  @Suite(.enabled(if: Tools.hasKcat, "kcat is not installed")) struct StandstillTests {
    private static let settings = ["group.initial.rebalance.delay.ms=0", "num.partitions=2"]
    private static let sessionMs = 6_000

    /// A member of the group `g` that says when it gets partitions and when it loses them, a line each.
    private func member(_ server: RunningServer, _ scratch: Scratch) throws -> Child {
      let command = [
        "kcat", "-b", server.bootstrap, "-X", "session.timeout.ms=\(Self.sessionMs)", "-X",
        "heartbeat.interval.ms=500", "-X", "enable.auto.commit=false", "-u", "-E", "-G", "g", "lines",
      ]
      return try Child(["sh", "-c", "exec \"$@\" 2>&1", "sh"] + command, scratch: scratch)
    }

    /// Waits for the member's next assignment, and until it has read its partitions to their end: how many it has. A
    /// member that still asks where to begin gives up when the server does not answer.
    private func assigned(_ member: Child) throws -> Int {
      var partitions = 0, ends = 0
      while let line = try member.output.line(within: 60) {
        if line.contains("rebalanced"), let part = line.split(separator: ": ").last, line.contains("assigned") {
          (partitions, ends) = (part.split(separator: "[").count - 1, 0)
        } else if line.contains("Reached end of topic") {
          ends += 1
        }
        if partitions > 0, ends == partitions { return partitions }
      }
      throw ChildFailure("the member ended")
    }

    private func producer(_ server: RunningServer, _ scratch: Scratch) throws -> Child {
      try Child(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "lines", "-p", "0", "-P", "-X", "message.timeout.ms=60000"],
        scratch: scratch)
    }

    private func produce(_ line: String, _ server: RunningServer, _ scratch: Scratch) throws {
      let producer = try producer(server, scratch)
      try producer.write(line + "\n")
      producer.closeInput()
      try #require(producer.wait() == 0, "\(producer.errors)")
    }

    private func lines(_ server: RunningServer, _ scratch: Scratch) throws -> [String] {
      try run(
        ["kcat", "-q", "-b", server.bootstrap, "-t", "lines", "-p", "0", "-C", "-o", "beginning", "-e"],
        scratch: scratch
      ).lines
    }

    /// Each write and sync takes four seconds, and a group two of them, longer than a member's session: who looks is
    /// answered at once, members stay, and who writes waits.
    @Test(.enabled(if: Tracing.isAllowed, "strace is not installed, or may not trace here"))
    func aSlowDiskHoldsUpOnlyThoseWhoWrite() throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), settings: Self.settings, scratch: scratch)
      try produce("first", server, scratch)
      let member = try member(server, scratch)
      #expect(try assigned(member) == 2)

      let tracer = try Tracing.attach(server, "pwritev,fdatasync", "delay_enter=4000000", scratch: scratch)
      let began = ContinuousClock.now
      let producer = try producer(server, scratch)
      try producer.write("second\n")
      producer.closeInput()
      var looks = 0
      var longest = Duration.zero
      while ContinuousClock.now - began < .milliseconds(Self.sessionMs + 1_000) {
        let asked = ContinuousClock.now
        let look = try run(["kcat", "-L", "-b", server.bootstrap], scratch: scratch)
        try #require(look.code == 0 && look.output.contains("lines"), "\(look.errors)")
        longest = max(longest, ContinuousClock.now - asked)
        looks += 1
      }
      #expect(looks > 3 && longest < .seconds(2), "\(looks) looks, the longest took \(longest)")
      #expect(producer.wait() == 0)
      #expect(ContinuousClock.now - began > .seconds(7), "the producer did not wait for the disk")
      tracer.signal(SIGKILL)
      _ = tracer.wait()
      print("a disk that takes 4 s for each call: \(looks) looks at the metadata, the longest \(longest)")
      // What the member has said since: the second line it read, and not that it lost its partitions.
      try produce("third", server, scratch)
      var said: [String] = []
      while said.last?.contains("third") != true, let line = try member.output.line(within: 60) { said.append(line) }
      #expect(!said.contains { $0.contains("rebalanced") }, "\(said)")
      #expect(try lines(server, scratch) == ["first", "second", "third"])
      member.signal(SIGTERM)
      #expect(server.stop() == 0)
    }

    /// A server that stands still for longer than the sessions of its members: afterwards every partition has one of
    /// them, and nothing is lost.
    @Test(.enabled(if: Tools.isThorough, "it may take more than a minute: make check"))
    func aStoppedServerGoesOnWhereItWas() throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), settings: Self.settings, scratch: scratch)
      try produce("first", server, scratch)
      let one = try member(server, scratch)
      #expect(try assigned(one) == 2)
      let two = try member(server, scratch)
      #expect(try assigned(two) == 1)
      #expect(try assigned(one) == 1)

      server.child.signal(SIGSTOP)
      let producer = try producer(server, scratch)
      try producer.write("second\n")
      producer.closeInput()
      let seconds = Self.sessionMs / 1_000 + 2
      // It waits for an answer that does not come, for so long.
      let silent = try run(["kcat", "-L", "-b", server.bootstrap, "-m", "\(seconds)"], scratch: scratch)
      #expect(silent.code != 0)
      server.child.signal(SIGCONT)
      #expect(producer.wait() == 0, "\(producer.errors)")
      #expect(try settled(server, scratch), "no partition for each of the members")
      #expect(try lines(server, scratch) == ["first", "second"])
      for member in [one, two] { member.signal(SIGTERM) }
      #expect(server.stop() == 0)
    }

    /// Whether the group comes to rest with two members, a partition each.
    private func settled(_ server: RunningServer, _ scratch: Scratch) throws -> Bool {
      let deadline = ContinuousClock.now + .seconds(60)
      while ContinuousClock.now < deadline {
        let said = try run(
          [Tools.millrace, "group", "describe", "g", "--json", "--no-age", "--bootstrap", server.bootstrap],
          scratch: scratch
        ).output
        let owned = said.split(separator: "\"assignment\":[").dropFirst().map { $0.prefix { $0 != "]" } }
        if said.contains("\"Stable\""), owned.sorted() == ["\"lines/0\"", "\"lines/1\""] { return true }
      }
      return false
    }
  }
}
