import Glibc

/// The log that a server has written.
enum ServerLog {
  /// Its last line with `words` in it.
  static func lastLine(with words: String, in path: String) -> String? {
    lines(in: path).last { contains($0, words) }.map(String.init)
  }

  /// How many lines have `words` in them.
  static func count(of words: String, in path: String) -> Int {
    lines(in: path).count { contains($0, words) }
  }

  private static func contains(_ line: Substring, _ words: String) -> Bool {
    line.utf8.count >= words.utf8.count && line.contains(words)
  }

  private static func lines(in path: String) -> [Substring] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &part, part.count)
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
