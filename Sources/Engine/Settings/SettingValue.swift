/// The value of a setting, parsed and checked.
package enum SettingValue: Equatable, Sendable {
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([String])

  /// The value that `text` gives `setting`, or why it gives none.
  package init(_ text: String, for setting: SettingDefinition) throws(SettingError) {
    self = try SettingValue.typed(text, setting)
    if let complaint = setting.rule.complaint(about: self) { throw .invalid(text, for: setting, complaint) }
  }

  /// The value of the setting's type that `text` gives, whether or not it is allowed.
  static func typed(_ text: String, _ setting: SettingDefinition) throws(SettingError) -> SettingValue {
    guard text.utf8.count <= SettingLimits.valueBytes else {
      throw SettingError(
        .limitExceeded, "The value of setting \(setting.name) is longer than \(SettingLimits.valueBytes) bytes")
    }
    let isSecret = setting.type == .password
    return try parsed(isSecret ? text : SettingText.trimmed(text), setting)
  }

  /// The value as Kafka prints it; two texts with the same value print alike.
  package var text: String {
    switch self {
    case .boolean(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .number(let number): JavaNumber.text(number)
    case .text(let text): text
    case .list(let elements): elements.joined(separator: ",")
    }
  }

  /// The value in the unit of the setting it stands in for; negative means "no limit" in every unit.
  func scaled(by factor: Int64) -> SettingValue {
    guard factor != 1, case .integer(let number) = self else { return self }
    if number < 0 { return .integer(-1) }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return .integer(overflow ? .max : product)
  }

  private static func parsed(_ text: String, _ setting: SettingDefinition) throws(SettingError) -> SettingValue {
    switch setting.type {
    case .boolean:
      switch text.lowercased() {
      case "true": return .boolean(true)
      case "false": return .boolean(false)
      default: throw .invalid(text, for: setting, "must be true or false")
      }
    case .short, .int, .long:
      if setting.isSize {
        guard let size = ByteSize.parse(text) else {
          throw .invalid(text, for: setting, "must be a size such as 1048576, 256m or 1g")
        }
        return .integer(size)
      }
      let (low, high) = range(of: setting.type)
      guard let number = Int64(text), number >= low, number <= high else {
        throw .invalid(text, for: setting, "must be a whole number from \(low) to \(high)")
      }
      return .integer(number)
    case .double:
      guard let number = Double(text), number.isFinite else {
        throw .invalid(text, for: setting, "must be a number")
      }
      return .number(number)
    case .list:
      return .list(try elements(of: text, setting))
    case .string, .classname, .password:
      return .text(text)
    }
  }

  /// Elements trimmed; one that repeats an earlier one is dropped.
  private static func elements(of text: String, _ setting: SettingDefinition) throws(SettingError) -> [String] {
    if text.isEmpty { return [] }
    var seen: Set<String> = []
    var result: [String] = []
    // A comma ends an element whatever follows; as characters, a mark that combines with it would make another of it.
    for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let element = SettingText.trimmed(Substring(part))
      if element.isEmpty { throw .invalid(text, for: setting, "must not have empty elements") }
      if seen.insert(element).inserted { result.append(element) }
    }
    guard result.count <= SettingLimits.listElements else {
      throw SettingError(
        .limitExceeded, "The list of setting \(setting.name) has more than \(SettingLimits.listElements) elements")
    }
    return result
  }

  private static func range(of type: SettingType) -> (Int64, Int64) {
    switch type {
    case .short: (Int64(Int16.min), Int64(Int16.max))
    case .int: (Int64(Int32.min), Int64(Int32.max))
    default: (.min, .max)
    }
  }
}

/// Sizes with a unit, for Millrace's own settings: `4096`, `64k`, `256m`, `1g`, `1t`; `MB` and `MiB` mean `m`.
package enum ByteSize {
  /// The bytes that `text` names, or nil. Units are powers of 1024.
  package static func parse(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let number = Int64(digits) else { return nil }
    var unit = SettingText.trimmed(text.dropFirst(digits.count)).lowercased()
    if unit.hasSuffix("ib") { unit.removeLast(2) } else if unit.hasSuffix("b") { unit.removeLast() }
    let shifts = ["": 0, "k": 10, "m": 20, "g": 30, "t": 40]
    guard let shift = shifts[unit] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: 1 << Int64(shift))
    return overflow ? nil : product
  }
}
