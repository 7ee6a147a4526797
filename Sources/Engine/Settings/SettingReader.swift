/// Reads typed values from a broker's layers. A name without a row or of another type is an error of ours, found by
/// the first test that reads the settings.
struct SettingReader {
  let layers: BrokerLayers

  func long(_ name: String) throws(SettingError) -> Int64 {
    guard case .integer(let number) = layers.value(of: name) else { throw missing(name) }
    return number
  }

  func int(_ name: String) throws(SettingError) -> Int32 { Int32(clamping: try long(name)) }

  func boolean(_ name: String) throws(SettingError) -> Bool {
    guard case .boolean(let flag) = layers.value(of: name) else { throw missing(name) }
    return flag
  }

  func text(_ name: String) throws(SettingError) -> String {
    guard case .text(let text) = layers.value(of: name) else { throw missing(name) }
    return text
  }

  func number(_ name: String) throws(SettingError) -> Double {
    guard case .number(let number) = layers.value(of: name) else { throw missing(name) }
    return number
  }

  /// The elements of a list; none when it is null.
  func list(_ name: String) throws(SettingError) -> [String] {
    switch layers.value(of: name) {
    case .list(let elements): return elements
    case nil: return []
    default: throw missing(name)
    }
  }

  /// The number somebody chose; nil when the default holds.
  func chosen(_ name: String) throws(SettingError) -> Int32? {
    guard let nearest = layers.steps([.init(name)]).first else { throw missing(name) }
    return nearest.step.source == .fallback ? nil : try int(name)
  }

  /// The same for a setting of type long.
  func chosenLong(_ name: String) throws(SettingError) -> Int64? {
    guard let nearest = layers.steps([.init(name)]).first else { throw missing(name) }
    return nearest.step.source == .fallback ? nil : try long(name)
  }

  private func missing(_ name: String) -> SettingError {
    SettingError(.missingValue, "Broker setting \(name) has no value of its type")
  }
}
