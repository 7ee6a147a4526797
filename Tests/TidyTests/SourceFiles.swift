import Foundation

/// One file of the repository, as lines.
struct SourceFile {
  /// From the package's folder.
  let path: String
  let lines: [String]
  /// The lines without comments and without what stands between quotation marks.
  let code: [String]

  var isMarkedLong: Bool { lines.first.map { $0.hasPrefix("// Generated") || $0.hasPrefix("// Table") } ?? false }

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var isInText = false
    code = lines.map { line in
      if line.contains("\"\"\"") {
        isInText.toggle()
        return ""
      }
      return isInText ? "" : Self.bare(line)
    }
  }

  private static func bare(_ line: String) -> String {
    let withoutTexts = line.replacing(/"(?:\\.|[^"\\])*"/, with: "\"\"")
    return String(withoutTexts.prefix(upTo: withoutTexts.firstRange(of: "//")?.lowerBound ?? withoutTexts.endIndex))
  }

  /// Where `pattern` stands in the code, as "path:line".
  func places(of pattern: Regex<Substring>) -> [String] {
    places(of: pattern, in: code)
  }

  /// The same with comments and texts.
  func places(inAnyLine pattern: Regex<Substring>) -> [String] { places(of: pattern, in: lines) }

  private func places(of pattern: Regex<Substring>, in lines: [String]) -> [String] {
    lines.indices.filter { lines[$0].contains(pattern) }.map { "\(path):\($0 + 1)" }
  }
}

/// The repository as it lies on disk.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The files below `folders` whose names end with one of `endings`.
  static func files(below folders: [String], endings: [String]) throws -> [SourceFile] {
    try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").sorted()
        .filter { name in endings.contains { name.hasSuffix($0) } && !name.contains(".build") }
        .filter { !isFolder("\(folder)/\($0)") }
        .map { try file("\(folder)/\($0)") }
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder) && isFolder.boolValue
  }

  static func file(_ path: String) throws -> SourceFile {
    SourceFile(path: path, text: try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8))
  }

  /// A list beside these tests: one path a line.
  static func list(_ name: String) throws -> [String] {
    try file("Tests/TidyTests/\(name)").lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  static let sources = Result { try files(below: ["Sources"], endings: [".swift"]) }
  static let tests = Result { try files(below: ["Tests", "Fuzzing"], endings: [".swift"]) }
}
