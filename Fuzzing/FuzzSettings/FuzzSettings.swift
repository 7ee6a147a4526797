import Settings

/// Settings as people write them: a file with flags and variables, what clients ask to change, single values. The first
/// byte chooses. What is taken in reads the same when it is given again as it is shown.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSettings(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 1, let start else { return 0 }
  let text = String(decoding: UnsafeBufferPointer(start: start + 1, count: count - 1), as: UTF8.self)
  switch start[0] % 4 {
  case 0: startWith(file: text)
  case 1: startWith(lines(text))
  case 2: change(start[0] >> 2, lines(text))
  default: value(text, Int(start[0] >> 2) % 8)
  }
  return 0
}

private func lines(_ text: String) -> [String] {
  text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

/// The two sides of the first `=`.
private func sides(_ line: String) -> (name: String, value: String?) {
  guard let mark = line.firstIndex(of: "=") else { return (line, nil) }
  return (String(line[..<mark]), String(line[line.index(after: mark)...]))
}

private func startWith(file text: String) {
  guard let statics = try? StaticSettings(file: ("a file", text)) else { return }
  start(with: statics)
  let shown = statics.entries.map { "\($0.key)=\($0.value.value)" }.sorted().joined(separator: "\n")
  guard let again = try? StaticSettings(file: ("a file", shown)) else {
    preconditionFailure("settings are refused as they are shown: \(shown)")
  }
  precondition(again.entries.mapValues(\.value) == statics.entries.mapValues(\.value))
}

/// The first half as flags, the others as variables.
private func startWith(_ lines: [String]) {
  let half = lines.count / 2
  let variables = lines[half...].map { line in
    let (name, value) = sides(line)
    return (StaticSettings.variable(for: name), value ?? "")
  }
  let environment = Dictionary(variables, uniquingKeysWith: { first, _ in first })
  guard let statics = try? StaticSettings(flags: Array(lines[..<half]), environment: environment) else { return }
  start(with: statics)
}

private func start(with statics: StaticSettings) {
  let layers = BrokerLayers(statics: statics)
  guard let settings = try? BrokerSettings(layers) else { return }
  for listener in settings.node.listeners { precondition(Listener(listener.description) == listener) }
  _ = TopicSettings(layers)
  _ = GroupSettings([:], layers: layers)
  for setting in layers.describeBroker() { precondition(!setting.name.isEmpty) }
}

/// Every line changes a setting: its first character says how.
private func change(_ kind: UInt8, _ lines: [String]) {
  let resource: SettingsResource = [.topic, .brokerDefault, .broker, .group][Int(kind) % 4]
  let operations = lines.map { line in
    let (name, value) = sides(String(line.dropFirst()))
    let kinds: [Character: SettingOperation.Kind] = ["-": .delete, "+": .append, "!": .subtract]
    return SettingOperation(line.first.flatMap { kinds[$0] } ?? .set, name, value)
  }
  let layers = BrokerLayers()
  guard let stored = try? layers.applying(operations, to: [:], of: resource) else { return }
  let entries = stored.map { (name: $0.key, value: String?.some($0.value)) }
  precondition((try? layers.replacing(with: entries, of: resource)) == stored, "what was stored is refused: \(stored)")
  switch resource {
  case .topic:
    _ = TopicSettings(stored, over: TopicSettings(layers))
    _ = layers.describeTopic(stored)
  case .group:
    _ = GroupSettings(stored, layers: layers)
    _ = layers.describeGroup(stored)
  case .brokerDefault: _ = try? BrokerSettings(BrokerLayers(dynamicDefaults: stored))
  case .broker: _ = try? BrokerSettings(BrokerLayers(dynamicBroker: stored))
  }
}

/// The same text for every eighth setting.
private func value(_ text: String, _ remainder: Int) {
  precondition(SettingText.shown(text).unicodeScalars.count <= 12 * SettingLimits.shownCharacters)
  for (place, setting) in (SettingCatalogue.topic + SettingCatalogue.group + SettingCatalogue.broker).enumerated() {
    guard place % 8 == remainder, let value = try? SettingValue(text, for: setting) else { continue }
    precondition((try? SettingValue(value.text, for: setting)) == value, "\(setting.name): \(value.text)")
  }
  if let listener = Listener(text) { precondition(Listener(listener.description) == listener) }
}
