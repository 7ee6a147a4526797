/// A settings file: `name=value` a line, `#` begins a comment line, blanks around names and values do not count.
enum SettingsFile {
  /// One setting of a file. Numbers count from 1.
  struct Line: Equatable {
    let number: Int
    let name: String
    let value: String
  }

  /// The settings of `text`, in order; a name that comes twice is refused.
  static func lines(of text: String, name file: String) throws(SettingError) -> [Line] {
    guard text.utf8.count <= SettingLimits.fileBytes else {
      throw SettingError(.limitExceeded, "\(file) is larger than \(SettingLimits.fileBytes) bytes")
    }
    var result: [Line] = []
    var seen: [String: Int] = [:]
    let newline = UInt8(ascii: "\n")
    for (index, bytes) in text.utf8.split(separator: newline, omittingEmptySubsequences: false).enumerated() {
      let content = SettingText.trimmed(Substring(bytes))
      if content.isEmpty || content.utf8.first == UInt8(ascii: "#") { continue }
      let number = index + 1
      guard let (name, value) = pair(content) else {
        throw SettingError(
          .syntax, "\(file), line \(number): expected name=value, found \(SettingText.shown(content))")
      }
      if let earlier = seen[name] {
        throw SettingError(
          .duplicate, "\(file), line \(number): \(SettingText.shown(name)) is set on line \(earlier) already")
      }
      seen[name] = number
      result.append(Line(number: number, name: name, value: value))
    }
    return result
  }

  /// The two sides of the first `=`, trimmed; nil without `=` or without a name.
  static func pair(_ text: String) -> (name: String, value: String)? {
    guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    let name = SettingText.trimmed(text[..<mark])
    return name.isEmpty ? nil : (name, SettingText.trimmed(text[text.utf8.index(after: mark)...]))
  }
}
