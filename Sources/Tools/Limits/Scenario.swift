/// One limit: what is done, and the numbers that may be chosen for it.
package struct Scenario: Sendable {
  package let name: String
  package let summary: String
  /// Options with what they are if left out.
  let defaults: [String: Int]
  package let body: @Sendable (LimitRun) throws -> Void

  package static let all = [connections, memory, partitions, groups, folder, soak]

  package static var usage: String {
    let lines = all.map { scenario in
      let options = scenario.defaults.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      return "  \(scenario.name)\n    \(scenario.summary)\n    \(options.joined(separator: " "))"
    }
    return """
      usage: limits SCENARIO [OPTION=NUMBER]...   (MILLRACE names the binary, .build/release/millrace if left out)

      \(lines.joined(separator: "\n"))
      """
  }

  /// The options with those that `words` choose; nil where they are none.
  package func options(_ words: ArraySlice<String>) -> [String: Int]? {
    var chosen = defaults
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let value = Int(parts[1]), value >= 0, chosen[String(parts[0])] != nil else {
        return nil
      }
      chosen[String(parts[0])] = value
    }
    return chosen
  }
}
