/// Where a setting given at start came from.
package enum SettingOrigin: Equatable, Sendable, CustomStringConvertible {
  /// `--set name=value`.
  case flag
  /// An environment variable.
  case environment(String)
  /// A line of a settings file.
  case file(String, line: Int)
  /// Worked out by the server, such as the port it was given.
  case server

  /// The origin in words, for errors and listings.
  package var description: String {
    switch self {
    case .flag: "command line"
    case .environment(let name): "environment variable \(name)"
    case .file(let name, let line): "\(name), line \(line)"
    case .server: "server"
    }
  }
}

/// The broker settings given at start: flags win over the environment, the environment over the file.
package struct StaticSettings: Sendable {
  /// A checked value, in Kafka's spelling, and its origin.
  package struct Entry: Equatable, Sendable {
    /// The value in Kafka's spelling.
    package let value: String
    /// Where it was given.
    package let origin: SettingOrigin

    /// All of it, as given.
    package init(value: String, origin: SettingOrigin) {
      self.value = value
      self.origin = origin
    }
  }

  /// The entries by name of setting.
  package private(set) var entries: [String: Entry] = [:]
  /// Variables that look like ours and name no setting; container platforms make some. Worth a line in the log.
  package private(set) var unknownVariables: [String] = []

  /// Nothing given.
  package init() {}

  /// Merges the three sources.
  /// - Parameters:
  ///   - flags: `name=value` of each `--set`.
  ///   - environment: all variables of the process; others than `MILLRACE_...` are passed over.
  ///   - file: the name of the settings file, for errors, and its text.
  package init(
    flags: [String] = [], environment: [String: String] = [:], file: (name: String, text: String)? = nil
  ) throws(SettingError) {
    if let file {
      let lines = try SettingsFile.lines(of: file.text, name: file.name)
      let ids = lines.filter { Self.twins[$0.name] != nil }
      if let first = ids.first, let other = ids.last, first.value != other.value {
        throw SettingError(
          .conflict,
          "\(file.name), line \(other.number): \(other.name) differs from \(first.name) on line \(first.number)")
      }
      for line in lines {
        try set(line.name, to: line.value, from: .file(file.name, line: line.number))
      }
    }
    for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
      try take(variable: variable, value: value)
    }
    var given: Set<String> = []
    for flag in flags {
      guard let (name, value) = SettingsFile.pair(flag) else {
        throw SettingError(.syntax, "--set needs name=value, not \(SettingText.shown(flag))")
      }
      guard given.insert(name).inserted else {
        throw SettingError(.duplicate, "--set gives \(SettingText.shown(name)) twice")
      }
      try set(name, to: value, from: .flag)
    }
  }

  /// Sets one broker setting, in place of what a weaker source said.
  package mutating func set(_ name: String, to value: String, from origin: SettingOrigin) throws(SettingError) {
    do {
      let setting = try SettingCatalogue.required(name, of: .broker)
      let entry = Entry(value: try SettingValue(value, for: setting).text, origin: origin)
      entries[name] = entry
      if let twin = Self.twins[name] { entries[twin] = entry }
    } catch {
      throw error.located(at: origin.description)
    }
  }

  /// The variable that sets `name`: MILLRACE_NODE_ID for node.id.
  package static func variable(for name: String) -> String {
    "MILLRACE_" + name.uppercased().replacing(".", with: "_")
  }

  /// Two names of one number: Kafka's tools look for either.
  private static let twins = ["node.id": "broker.id", "broker.id": "node.id"]

  private static let settingsByVariable = Dictionary(
    SettingCatalogue.broker.map { (variable(for: $0.name), $0) }, uniquingKeysWith: { first, _ in first })

  private mutating func take(variable: String, value: String) throws(SettingError) {
    guard variable.hasPrefix("MILLRACE_") else { return }
    guard let setting = Self.settingsByVariable[variable] else {
      if unknownVariables.count < SettingLimits.overrides { unknownVariables.append(variable) }
      return
    }
    var text = value
    if setting.type == .boolean, value == "1" || value == "0" { text = value == "1" ? "true" : "false" }
    try set(setting.name, to: text, from: .environment(variable))
  }
}
