/// A command's arguments, read against the options that it has.
package struct Arguments: Sendable {
  /// What is no option, in order.
  package private(set) var words: [String] = []
  private var given: [String: [String]] = [:]

  /// Reads `raw`: `--name VALUE`, `--name=VALUE`, `-n VALUE`; after `--` all are words. A value may begin with a dash.
  ///
  /// `environment` gives the value of a variable for options that have one and are not given.
  package init(
    _ raw: [String], options: [Option], environment: (String) -> String? = { _ in nil }
  ) throws(UsageError) {
    var rest = raw[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        break
      }
      guard argument.hasPrefix("-"), argument.count > 1 else {
        words.append(argument)
        continue
      }
      let (name, attached) = Self.split(argument)
      let option = try Self.option(named: name, among: options)
      if given[option.name] != nil, !option.isRepeatable, option.value != nil {
        throw UsageError("--\(option.name) is given twice")
      }
      guard let placeholder = option.value else {
        guard attached == nil else { throw UsageError("--\(option.name) takes no value") }
        given[option.name] = [""]
        continue
      }
      guard let value = attached ?? rest.popFirst() else { throw UsageError("--\(option.name) needs \(placeholder)") }
      given[option.name, default: []].append(value)
    }
    for option in options where given[option.name] == nil {
      if let variable = option.environment, let value = environment(variable), !value.isEmpty {
        given[option.name] = [value]
      }
    }
  }

  /// Whether the option is given.
  package func has(_ name: String) -> Bool { given[name] != nil }

  /// The option's value, or nil.
  package func text(_ name: String) -> String? { given[name]?.last }

  /// All values of a repeatable option, in order.
  package func texts(_ name: String) -> [String] { given[name] ?? [] }

  /// The option's value as a whole number within `range`, or nil.
  package func integer<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws(UsageError)
    -> Number?
  {
    guard let text = text(name) else { return nil }
    guard let number = Number(text), range.contains(number) else {
      let bounds =
        range.upperBound == .max
        ? "of \(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
      throw UsageError("--\(name) takes a whole number \(bounds), not '\(text)'")
    }
    return number
  }

  /// The option's value, which must be one of `choices`, or nil.
  package func choice(_ name: String, of choices: [String]) throws(UsageError) -> String? {
    guard let text = text(name) else { return nil }
    guard choices.contains(text) else {
      throw UsageError("--\(name) takes \(choices.joined(separator: ", ")), not '\(text)'")
    }
    return text
  }

  /// The values of a repeatable option as names and what stands behind their first "=".
  package func pairs(_ name: String) throws(UsageError) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    for text in texts(name) {
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
        throw UsageError("--\(name) takes NAME=VALUE, not '\(text)'")
      }
      pairs.append((String(text[..<sign]), String(text[text.index(after: sign)...])))
    }
    return pairs
  }

  /// The words, which must be as many as `names`.
  package func words(_ names: String...) throws(UsageError) -> [String] {
    if words.count < names.count { throw UsageError("\(names[words.count]) is missing") }
    if words.count > names.count { throw UsageError("'\(words[names.count])' is one argument too many") }
    return words
  }

  private static func split(_ argument: String) -> (name: String, value: String?) {
    guard argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") else { return (argument, nil) }
    return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
  }

  private static func option(named argument: String, among options: [Option]) throws(UsageError) -> Option {
    let match = options.first { option in
      argument == "--\(option.name)" || (option.letter.map { argument == "-\($0)" } ?? false)
    }
    if let match { return match }
    let name = String(argument.drop { $0 == "-" })
    let nearest = Spelling.nearest(to: name, in: options.map(\.name))
    throw UsageError("there is no option \(argument)" + (nearest.map { "; did you mean --\($0)?" } ?? ""))
  }
}
