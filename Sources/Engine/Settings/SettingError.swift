/// Why a setting was refused. The doors turn `reason` into their codes; `message` is for people and safe to show:
/// bounded, without control characters, without sensitive values.
package struct SettingError: Error, Equatable, Sendable {
  /// The kind of refusal.
  package enum Reason: Equatable, Sendable {
    /// No setting of this resource has the name.
    case unknownSetting
    /// The value is not of the setting's type, or outside what it allows.
    case invalidValue
    /// Two values of the resource contradict each other.
    case conflict
    /// The setting cannot change while the server runs, or not for all brokers at once.
    case readOnly
    /// Append or subtract on a setting that is no list.
    case notAList
    /// No value where the operation needs one.
    case missingValue
    /// The same setting twice.
    case duplicate
    /// More settings, or a longer name or value, than is kept.
    case limitExceeded
    /// A line or flag that is not name=value.
    case syntax
  }

  /// The kind of refusal.
  package let reason: Reason
  /// What was refused and why, for people.
  package let message: String

  /// A refusal told in one sentence.
  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  /// The same error, said to have happened at `place`.
  func located(at place: String) -> SettingError { SettingError(reason, "\(place): \(message)") }

  /// The refusal of a value; a sensitive setting's value is not shown.
  package static func invalid(_ value: String, for setting: SettingDefinition, _ complaint: String) -> SettingError {
    let shown = setting.isSensitive ? "[hidden]" : SettingText.shown(value)
    return SettingError(.invalidValue, "Invalid value \(shown) for setting \(setting.name): \(complaint)")
  }

  static func unknown(_ name: String, of kind: String, nearest: String?) -> SettingError {
    let hint = nearest.map { "; did you mean \($0)?" } ?? ""
    return SettingError(.unknownSetting, "Unknown \(kind) setting \(SettingText.shown(name))\(hint)")
  }
}
