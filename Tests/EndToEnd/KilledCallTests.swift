import Glibc
import Testing

extension EndToEndTests {
  /// The release binary is killed at the Nth call that changes the disk, of each kind of call, while a script runs; what
  /// the script was told is true when it starts again, and when that start was killed as well.
  @Suite(
    .enabled(if: Tracing.isAllowed, "strace is not installed, or may not trace here"),
    .enabled(if: Tools.hasKcat, "kcat is not installed"))
  struct KilledCallTests {
    /// What has been confirmed.
    private struct Told {
      var lines: [String] = []
      var made: [String] = []
      var deleted: [String] = []
      var committed = 0
    }

    /// The calls of the disk's port, and from the how manieth on a thread makes them while the script runs.
    private static let calls = [
      "pwritev", "fdatasync", "fsync", "ftruncate", "fallocate", "openat", "mkdirat",
    ]
    private static let operations = 36

    @Test(arguments: calls) func nothingConfirmedIsLost(at call: String) throws {
      let scratch = try Scratch()
      var scripts = 0, kills = 0
      // Two scripts in a row that came to their end: a later call is never made.
      var ends = 0
      for number in 1...Tools.killedCalls where ends < 2 {
        // A few calls near each other, the rest spread over the script.
        let when = number <= 3 ? number : number * 3
        let folder = scratch.newPath("data")
        let (told, isKilled) = try script(folder, call, when, scratch)
        scripts += 1
        kills += isKilled ? 1 : 0
        ends = isKilled ? 0 : ends + 1
        // The start that recovers is killed too.
        let tracer = try Self.tracer(call, when: number, folder)
        do {
          try RunningServer(folder: folder, wrapper: tracer, scratch: scratch).crash()
        } catch let failure as StartFailure {
          #expect(failure.code == 128 + SIGKILL, "\(call) \(when): \(failure)")
        }
        try judge(told, folder, "\(call) \(when)", scratch)
      }
      print("killed at \(call): \(kills) of \(scripts) scripts")
      #expect(kills > 0, "the script never came to a \(call)")
    }

    /// Kills at the call; files are opened in the data folder, and not by the loader of programs.
    private static func tracer(_ call: String, when: Int, _ folder: String) throws -> [String] {
      try Tracing.wrapper(call, "signal=SIGKILL", when: "\(when)", path: call == "openat" ? folder : nil)
    }

    /// Does what a client does, until the server is gone.
    private func script(
      _ folder: String, _ call: String, _ when: Int, _ scratch: Scratch
    ) throws -> (told: Told, isKilled: Bool) {
      var told = Told()
      let server: RunningServer
      do {
        server = try RunningServer(folder: folder, wrapper: try Self.tracer(call, when: when, folder), scratch: scratch)
      } catch let failure as StartFailure {
        #expect(failure.code == 128 + SIGKILL, "\(call) \(when): \(failure)")
        return (told, true)
      }
      for number in 0..<Self.operations {
        let isDone: Bool
        switch number % 6 {
        case 2:
          isDone = try millrace(["topic", "create", "made-\(number)"], server, scratch)
          if isDone { told.made.append("made-\(number)") }
        case 4 where !told.made.isEmpty:
          let topic = told.made.removeFirst()
          isDone = try millrace(["topic", "delete", topic], server, scratch)
          if isDone { told.deleted.append(topic) }
        case 5 where told.lines.count > told.committed:
          isDone = try millrace(["consume", "lines", "--group", "g", "--from", "beginning"], server, scratch)
          if isDone { told.committed = told.lines.count }
        default:
          isDone = try produce("line \(told.lines.count)", server, scratch)
          if isDone { told.lines.append("line \(told.lines.count)") }
        }
        guard isDone else { break }
      }
      server.child.signal(SIGTERM)
      return (told, server.child.wait() == 128 + SIGKILL)
    }

    private func judge(_ told: Told, _ folder: String, _ place: String, _ scratch: Scratch) throws {
      let server = try RunningServer(folder: folder, scratch: scratch)
      if !told.lines.isEmpty {
        let read = try run(
          ["kcat", "-q", "-b", server.bootstrap, "-t", "lines", "-p", "0", "-C", "-o", "beginning", "-e"],
          scratch: scratch)
        #expect(Array(read.lines.prefix(told.lines.count)) == told.lines, "\(place)")
        #expect(read.lines.count <= told.lines.count + 1, "\(place): \(read.lines.count) lines")
      }
      let topics = Set(
        try run([Tools.millrace, "topic", "list", "--bootstrap", server.bootstrap], scratch: scratch).output
          .split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
      #expect(topics.isSuperset(of: told.made), "\(place): \(topics)")
      #expect(topics.isDisjoint(with: told.deleted), "\(place): \(topics)")
      if told.committed > 0 {
        let rest = try run(
          [Tools.millrace, "consume", "lines", "--group", "g", "--from", "beginning", "--bootstrap", server.bootstrap],
          scratch: scratch)
        #expect(rest.lines.count <= told.lines.count + 1 - told.committed, "\(place): the group went back")
      }
      #expect(try produce("more", server, scratch), "\(place)")
      #expect(server.stop() == 0)
    }

    private func millrace(_ words: [String], _ server: RunningServer, _ scratch: Scratch) throws -> Bool {
      try succeeds([Tools.millrace] + words + ["--bootstrap", server.bootstrap, "--timeout", "10s"], server, scratch)
    }

    private func produce(_ line: String, _ server: RunningServer, _ scratch: Scratch) throws -> Bool {
      let path = scratch.newPath("line")
      try Scratch.write(line + "\n", to: path)
      let kcat = [
        "kcat", "-q", "-b", server.bootstrap, "-t", "lines", "-p", "0", "-P", "-X", "retries=0", "-X",
        "message.timeout.ms=10000",
      ]
      return try succeeds(["sh", "-c", "exec \"$@\" < \"$0\"", path] + kcat, server, scratch)
    }

    /// Whether the client comes to a good end; false as soon as the server is gone.
    private func succeeds(_ command: [String], _ server: RunningServer, _ scratch: Scratch) throws -> Bool {
      let client = try Child(command, scratch: scratch)
      while !client.output.hasEnded(withinMs: 10) {
        if server.child.output.hasEnded(withinMs: 1) { client.signal(SIGKILL) }
      }
      return client.wait() == 0
    }
  }
}
