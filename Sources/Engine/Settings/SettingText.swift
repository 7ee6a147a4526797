import Units

/// Small work on the text of settings.
package enum SettingText {
  /// `text` without the blanks and control characters at its ends, as Java trims.
  static func trimmed(_ text: String) -> String { trimmed(text[...]) }

  /// The same of a part of a text.
  static func trimmed(_ text: Substring) -> String {
    let bytes = text.utf8
    guard let start = bytes.firstIndex(where: { $0 > 0x20 }), let last = bytes.lastIndex(where: { $0 > 0x20 }) else {
      return ""
    }
    return String(text[start...last])
  }

  /// `text` as an error may repeat it: bounded, control and invisible characters escaped.
  package static func shown(_ text: some StringProtocol) -> String {
    var result = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
      guard count < SettingLimits.shownCharacters else { return result + "..." }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
        result += scalar.escaped(asASCII: true)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The one of `candidates` that `name` most likely means: at most three letters away, else nil.
  static func nearest(to name: String, in candidates: some Sequence<String>) -> String? {
    let letters = Array(name.utf8)
    guard letters.count <= 128 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates where abs(candidate.utf8.count - letters.count) <= 3 {
      let distance = EditDistance.between(letters, Array(candidate.utf8))
      if distance <= 3, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }
}

/// Doubles as Java prints them: tools compare values as text.
package enum JavaNumber {
  /// `value` (finite) in decimal between 0.001 and ten million, else as digits and an exponent.
  package static func text(_ value: Double) -> String {
    let plain = value.description
    let magnitude = value.magnitude
    guard magnitude != 0, magnitude < 1e-3 || magnitude >= 1e7 else { return plain }
    let sign = value < 0 ? "-" : ""
    let halves = magnitude.description.split(separator: "e")
    guard let mantissa = halves.first else { return plain }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let whole = parts.first.map(String.init) ?? "0"
    let fraction = parts.count > 1 ? String(parts[1]) : ""
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    var digits = all.dropFirst(leading)
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    let given = halves.count > 1 ? Int(halves[1]) ?? 0 : 0
    let exponent = given + whole.count - 1 - leading
    let rest = digits.dropFirst()
    return "\(sign)\(digits.prefix(1)).\(rest.isEmpty ? "0" : rest)E\(exponent)"
  }
}
