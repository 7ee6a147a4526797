import ByteCodec

/// What campaigns for the record have done so far: a text file with one line for each finished chunk of seeds. A line
/// counts when it is whole, so a campaign may be killed at any time and lose the chunk it was at.
package struct CampaignLedger: Sendable {
  /// One finished chunk of seeds.
  package struct Entry: Sendable {
    package var seeds: ClosedRange<UInt64>
    package var crashPoints: Int
    package var operations: Int
    package var simulatedMs: Int64
    package var failed: [UInt64]
    package var origin: Origin
    /// When it was finished, in UTC.
    package var date: String
  }

  /// What was tested, and where.
  package struct Origin: Equatable, Sendable {
    /// The commit that was checked out.
    package var commit: String
    /// A hash over the sources that are tested: chunks count while it is the same.
    package var tree: String
    package var machine: String

    package init(commit: String, tree: String, machine: String) {
      self.commit = commit
      self.tree = tree
      self.machine = machine
    }
  }

  package private(set) var entries: [Entry]

  /// Reads a ledger; lines that are not whole are passed over.
  package init(_ text: String) {
    entries = text.split(separator: "\n", omittingEmptySubsequences: true).compactMap(Entry.init)
  }

  package mutating func add(_ entry: Entry) { entries.append(entry) }

  /// Chunks of `seeds`, each of at most `length`, that no entry of the tested sources `tree` covers.
  package func missing(_ seeds: ClosedRange<UInt64>, tree: String, chunk length: UInt64) -> [ClosedRange<UInt64>] {
    var chunks: [ClosedRange<UInt64>] = []
    let done = entries.filter { $0.origin.tree == tree }.map(\.seeds).sorted { $0.lowerBound < $1.lowerBound }
    var next = seeds.lowerBound
    func add(through last: UInt64) {
      while next <= last {
        let end = last - next < length ? last : next + length - 1
        chunks.append(next...end)
        next = end + 1
      }
    }
    for covered in done where covered.upperBound >= next && covered.lowerBound <= seeds.upperBound {
      if covered.lowerBound > next { add(through: covered.lowerBound - 1) }
      next = covered.upperBound + 1
    }
    if next <= seeds.upperBound { add(through: seeds.upperBound) }
    return chunks
  }

  /// The seeds that failed with the tested sources `tree`.
  package func failed(tree: String) -> [UInt64] { entries.filter { $0.origin.tree == tree }.flatMap(\.failed) }

  /// The sum over the entries of the tested sources `tree`.
  package func sum(tree: String) -> String {
    let counted = entries.filter { $0.origin.tree == tree }
    let points = counted.reduce(0) { $0 + $1.crashPoints }
    let operations = counted.reduce(0) { $0 + $1.operations }
    let hours = counted.reduce(0) { $0 + $1.simulatedMs } / 3_600_000
    let failed = failed(tree: tree)
    let seeds = counted.reduce(0) { $0 + ($1.seeds.upperBound - $1.seeds.lowerBound + 1) }
    return "in all, for sources \(tree): \(points) crash points, \(operations) operations, \(hours) simulated hours, "
      + "\(seeds) seeds, \(failed.count) failed\(failed.isEmpty ? "" : ": \(failed)")"
  }
}

extension CampaignLedger.Entry {
  /// What `report` says of a chunk.
  package init(
    seeds: ClosedRange<UInt64>, report: Campaign.Report, origin: CampaignLedger.Origin, date: String
  ) {
    self.init(
      seeds: seeds, crashPoints: report.tally.crashPoints, operations: report.tally.operations,
      simulatedMs: report.tally.simulatedMs, failed: report.failures.map(\.seed), origin: origin, date: date)
  }

  /// The line without its end; its last word is a checksum of what stands before.
  package var line: String {
    let failures = failed.isEmpty ? "none" : failed.map(String.init).joined(separator: ",")
    let words = [
      "seeds=\(seeds.lowerBound)..\(seeds.upperBound)", "points=\(crashPoints)", "operations=\(operations)",
      "simulated-ms=\(simulatedMs)", "failed=\(failures)", "commit=\(origin.commit)", "tree=\(origin.tree)",
      "date=\(date)", "machine=\(origin.machine)",
    ].map { $0.map { $0.isWhitespace ? "_" : $0 } }.map { String($0) }
    let text = words.joined(separator: " ")
    return "\(text) crc=\(Self.checksum(text))"
  }

  init?(_ line: Substring) {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard let last = words.last, last.hasPrefix("crc="),
      last.dropFirst(4) == Self.checksum(words.dropLast().joined(separator: " "))
    else { return nil }
    var values: [Substring: Substring] = [:]
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
    guard let seeds = values["seeds"].flatMap({ SeedRange.parse(String($0)) }),
      let points = values["points"].flatMap({ Int($0) }), let operations = values["operations"].flatMap({ Int($0) }),
      let simulatedMs = values["simulated-ms"].flatMap({ Int64($0) }), let failed = values["failed"],
      let commit = values["commit"], let tree = values["tree"], let machine = values["machine"],
      let date = values["date"]
    else { return nil }
    self.init(
      seeds: seeds, crashPoints: points, operations: operations, simulatedMs: simulatedMs,
      failed: failed.split(separator: ",").compactMap { UInt64($0) },
      origin: .init(commit: String(commit), tree: String(tree), machine: String(machine)), date: String(date))
  }

  private static func checksum(_ text: String) -> String {
    String(Checksum.crc32c(ByteSlice(copying: Array(text.utf8))), radix: 16)
  }
}

/// A stretch of seeds as it is written: `1..250`, or one number.
package enum SeedRange {
  package static func parse(_ text: String) -> ClosedRange<UInt64>? {
    guard let separator = text.firstRange(of: "..") else { return UInt64(text).map { $0...$0 } }
    guard let first = UInt64(text[..<separator.lowerBound]), let last = UInt64(text[separator.upperBound...]),
      first <= last, last < .max
    else { return nil }
    return first...last
  }
}
