/// An option of a command: `--name VALUE`, or `--name` alone.
package struct Option: Sendable {
  /// Without dashes.
  package var name: String
  /// For `-n VALUE`, or nil.
  package var letter: Character?
  /// What stands for the value in help texts, or nil for a switch.
  package var value: String?
  /// One line for help texts.
  package var summary: String
  package var isRepeatable: Bool
  /// The environment's variable that stands in where the option is not given.
  package var environment: String?

  package init(
    _ name: String, letter: Character? = nil, value: String? = nil, isRepeatable: Bool = false,
    environment: String? = nil, _ summary: String
  ) {
    self.name = name
    self.letter = letter
    self.value = value
    self.summary = summary
    self.isRepeatable = isRepeatable
    self.environment = environment
  }

  /// How help texts show it: "-p, --partitions N".
  var shown: String {
    let short = letter.map { "-\($0), " } ?? ""
    return short + "--\(name)" + (value.map { " \($0)" } ?? "")
  }
}

extension Option {
  /// Options as the lines of a help text, summaries in one column.
  package static func list(_ options: [Option]) -> String {
    let width = options.reduce(0) { max($0, $1.shown.count) } + 2
    return options.map { option in
      let gap = String(repeating: " ", count: width - option.shown.count)
      let variable = option.environment.map { " (or \($0))" } ?? ""
      return "  \(option.shown)\(gap)\(option.summary)\(variable)"
    }.joined(separator: "\n")
  }
}
