import Glibc

/// A file of vectors, one JSON object a line.
package struct VectorFile {
  /// The largest file read, in bytes.
  package static let maximumSize = 256 << 20

  /// How many lines passed and failed.
  package struct Tally: Equatable {
    package var passed = 0
    package var failed = 0

    /// Nothing checked yet.
    package init(passed: Int = 0, failed: Int = 0) {
      self.passed = passed
      self.failed = failed
    }

    package static func + (one: Tally, other: Tally) -> Tally {
      Tally(passed: one.passed + other.passed, failed: one.failed + other.failed)
    }
  }

  package let name: String
  package let lines: [Substring]

  /// The file at `path`; nil when it cannot be read.
  package init?(path: String) {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= Self.maximumSize {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { break }
      bytes += part[..<count]
    }
    guard ferror(file) == 0, bytes.count <= Self.maximumSize else { return nil }
    name = path
    lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// Checks every line that is not empty and tells `report` the place and reason of each failure.
  package func check(_ report: (String) -> Void) -> Tally {
    var tally = Tally()
    for (index, line) in lines.enumerated() where !line.isEmpty {
      if let problem = Self.problem(with: line) {
        tally.failed += 1
        report("\(name):\(index + 1): \(problem)")
      } else {
        tally.passed += 1
      }
    }
    return tally
  }

  private static func problem(with line: Substring) -> String? {
    let vector: JSONValue
    do { vector = try JSONParser.parse(line) } catch { return "\(error)" }
    if vector["api"] == nil, vector["compression"] != nil { return RecordBatchCheck.problem(with: vector) }
    guard let problem = MessageCheck.problem(with: vector) else { return nil }
    let place = [vector["api"]?.string, vector["kind"]?.string, vector["version"]?.integer.map { "v\($0)" }]
    return (place.compactMap { $0 } + [problem]).joined(separator: " ")
  }
}
