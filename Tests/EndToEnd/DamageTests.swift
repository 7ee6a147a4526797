import Testing

extension EndToEndTests {
  /// Bytes that change under the server: found, refused, repaired.
  @Suite(.enabled(if: Tools.hasKcat, "kcat is not installed")) struct DamageTests {
    private static let count = 2_000
    private static let lines = (0..<count).map { "line \($0) \(String(repeating: "y", count: 100))" }
    private static let garbage = [UInt8](repeating: 0xEE, count: 90)

    private let scratch: Scratch
    private let folder: String

    init() throws {
      scratch = try Scratch()
      folder = scratch.newPath("data")
    }

    private func start(_ settings: [String] = []) throws -> RunningServer {
      try RunningServer(folder: folder, settings: ["num.partitions=2"] + settings, scratch: scratch)
    }

    private func produce(_ lines: [String], _ server: RunningServer, partition: Int) throws {
      let produced = try run(
        [
          "kcat", "-q", "-b", server.bootstrap, "-t", "lines", "-p", "\(partition)", "-P", "-X",
          "batch.num.messages=10",
        ], input: lines.joined(separator: "\n") + "\n", scratch: scratch)
      try #require(produced.code == 0, "\(produced.errors)")
    }

    /// What kcat reads from `offset` on, in not more than `seconds`.
    private func consume(
      _ server: RunningServer, partition: Int = 0, from offset: Int = 0, format: String = "%s\\n", seconds: Int = 60
    ) throws -> Outcome {
      try run(
        [
          "kcat", "-b", server.bootstrap, "-t", "lines", "-p", "\(partition)", "-C", "-o", "\(offset)", "-e", "-u",
          "-f", format,
        ], seconds: seconds, scratch: scratch)
    }

    private func millrace(_ arguments: [String]) throws -> Outcome {
      try run([Tools.millrace] + arguments, scratch: scratch)
    }

    /// The file of partition 0 that begins with offset 0.
    private func segment() throws -> String {
      try #require(try Scratch.files(below: folder, suffix: "-0/00000000000000000000.log").first)
    }

    /// The offsets that the last line of a dry run says would be given up.
    private func loss() throws -> ClosedRange<Int> {
      let plan = try millrace(["repair", folder, "--dry-run"])
      #expect(plan.code == 0, "\(plan.errors)")
      let words = try #require(plan.lines.last).split(separator: " ")
      let named = try #require(words.first { $0.hasPrefix("lines/0:") }, "\(plan.output)")
      let bounds = named.dropFirst("lines/0:".count).split(separator: "-").compactMap { Int($0) }
      try #require(bounds.count == 2 && bounds[0] <= bounds[1])
      return bounds[0]...bounds[1]
    }

    @Test func aDamagedSegmentClosesOneRangeUntilItIsGivenUp() throws {
      let first = try start()
      for partition in 0...1 { try produce(Self.lines, first, partition: partition) }
      #expect(first.stop() == 0)
      let path = try segment()
      try Scratch.overwrite(path, with: Self.garbage, at: try Scratch.bytes(path).count / 2)

      let verified = try millrace(["verify", folder])
      #expect(verified.code == 65)
      #expect(verified.output.contains("damage: segment: ") && verified.output.contains("lines/0 offsets "))
      let hole = try loss()
      #expect(hole.lowerBound > 0 && hole.upperBound < Self.count - 1)

      let second = try start()
      #expect(try consume(second, partition: 1).lines == Self.lines)
      let before = try consume(second, seconds: 10)
      #expect(before.lines == Array(Self.lines.prefix(before.lines.count)))
      #expect(before.lines.count <= hole.lowerBound && before.code != 0, "\(before.errors)")
      #expect(try second.metric("millrace_up") == 1)
      let refused = try second.metric("millrace_kafka_errors_total{api=\"Fetch\",error=\"KAFKA_STORAGE_ERROR\"}")
      #expect(refused.map { $0 >= 1 } == true)
      #expect(second.stop() == 0)

      let given = try millrace(["repair", folder, "--accept-loss", "lines/0:\(hole.lowerBound)-\(hole.upperBound)"])
      #expect(given.code == 0, "\(given.errors)")
      #expect(try millrace(["verify", folder]).code == 0)
      let third = try start()
      let left = Self.lines.prefix(hole.lowerBound) + Self.lines.dropFirst(hole.upperBound + 1)
      #expect(try consume(third).lines == Array(left))
      try produce(["one more"], third, partition: 0)
      #expect(try consume(third, from: Self.count, format: "%o %s\\n").lines == ["\(Self.count) one more"])
      #expect(third.stop() == 0)
    }

    @Test func theScrubFindsDamageBeforeAReaderDoes() throws {
      let server = try start(["log.segment.bytes=1048576", "scrub.interval.ms=1000"])
      for _ in 0..<8 { try produce(Self.lines, server, partition: 0) }
      #expect(try server.metric("millrace_scrub_damaged_blocks_total") == 0)
      try Scratch.overwrite(try segment(), with: Self.garbage, at: 500_000)
      #expect(try server.reaches("millrace_scrub_damaged_blocks_total", 1))
      let told = try #require(server.child.errors.split(separator: "\n").first { $0.contains("damage found") })
      #expect(told.contains("topic lines, partition 0, offsets "))
      #expect(told.contains("millrace repair") && told.contains("--accept-loss lines/0:"))
      #expect(try consume(server, from: 7 * Self.count).lines == Self.lines)
      let before = try consume(server, seconds: 10)
      #expect(before.code != 0 && (1..<Self.count * 4).contains(before.lines.count))
      server.crash()
    }

    @Test(arguments: [false, true]) func aDamagedJournalRefusesTheStart(_ isSegmentDamagedToo: Bool) throws {
      let first = try start()
      try produce(Self.lines, first, partition: 0)
      first.crash()
      let journal = try #require(try Scratch.files(below: folder + "/journal", suffix: ".journal").first)
      let paths = [journal] + (isSegmentDamagedToo ? [try segment()] : [])
      for path in paths {
        let position = try #require(Self.position(of: "line 1000 ", in: try Scratch.bytes(path)))
        try Scratch.overwrite(path, with: Self.garbage, at: position)
      }
      let refused = try millrace(["serve", "--data", folder, "--kafka", "127.0.0.1:0"])
      #expect(refused.code == 65)
      #expect(refused.errors.contains("the journal is damaged"))
      #expect(refused.errors.contains("millrace verify \(folder)"), "\(refused.errors)")
      #expect(refused.errors.contains("millrace repair \(folder) --dry-run"))
      #expect(try millrace(["verify", folder]).code == 65)

      var left = Self.lines
      if isSegmentDamagedToo {
        let hole = try loss()
        #expect(hole.contains(1_000) && hole.count < Self.count)
        left.removeSubrange(hole)
        let given = try millrace(["repair", folder, "--accept-loss", "lines/0:\(hole.lowerBound)-\(hole.upperBound)"])
        #expect(given.code == 0, "\(given.errors)")
      } else {
        let applied = try millrace(["repair", folder, "--apply"])
        #expect(applied.code == 0, "\(applied.errors)")
      }
      let second = try start()
      #expect(try consume(second).lines == left)
      try produce(["one more"], second, partition: 0)
      #expect(try consume(second, from: Self.count, format: "%o %s\\n").lines == ["\(Self.count) one more"])
      #expect(second.stop() == 0)
    }

    private static func position(of text: String, in bytes: [UInt8]) -> Int? {
      let wanted = Array(text.utf8)
      return bytes.indices.dropLast(wanted.count).first { bytes[$0] == wanted[0] && bytes[$0...].starts(with: wanted) }
    }
  }
}
