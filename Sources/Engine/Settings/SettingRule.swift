/// What a value must satisfy beyond its type.
package enum SettingRule: Sendable, Equatable {
  case any
  case atLeast(Int64)
  case between(Int64, Int64)
  /// One number that stands apart, or a range.
  case exactlyOrBetween(Int64, Int64, Int64)
  /// 0 up to a number.
  case fraction(upTo: Double)
  case oneOf([String])
  case oneOfIgnoringCase([String])
  /// Each element of a list is one of these.
  case eachOneOf([String])
  case notEmpty
  /// `*`, or a list of partition:broker.
  case replicaThrottle
  /// latest, earliest, or by_duration: and an ISO 8601 duration.
  case shareStart
  /// A list of NAME://host:port.
  case listeners

  /// What is wrong with `value`, in words that follow the name of the setting; nil when nothing is.
  func complaint(about value: SettingValue) -> String? {
    switch (self, value) {
    case (.atLeast(let low), .integer(let number)):
      return number >= low ? nil : "must be at least \(low)"
    case (.between(let low, let high), .integer(let number)):
      return number >= low && number <= high ? nil : "must be between \(low) and \(high)"
    case (.exactlyOrBetween(let alone, let low, let high), .integer(let number)):
      if number == alone || (number >= low && number <= high) { return nil }
      return high == .max ? "must be \(alone), or at least \(low)" : "must be \(alone), or between \(low) and \(high)"
    case (.fraction(let high), .number(let number)):
      return number >= 0 && number <= high ? nil : "must be between 0 and \(JavaNumber.text(high))"
    case (.oneOf(let allowed), .text(let text)):
      return allowed.contains(text) ? nil : "must be one of \(allowed.joined(separator: ", "))"
    case (.oneOfIgnoringCase(let allowed), .text(let text)):
      let found = allowed.contains { $0.lowercased() == text.lowercased() }
      return found ? nil : "must be one of \(allowed.joined(separator: ", ")), in any case"
    case (.eachOneOf(let allowed), .list(let elements)):
      let found = elements.allSatisfy { allowed.contains($0) }
      return found ? nil : "must be a list of \(allowed.joined(separator: ", "))"
    case (.notEmpty, .text(let text)):
      return text.isEmpty ? "must not be empty" : nil
    case (.replicaThrottle, .list(let elements)):
      let sound = elements == ["*"] || elements.allSatisfy(SettingRule.isReplica)
      return sound ? nil : "must be * or a list of partition:broker, as in 0:1,1:1"
    case (.shareStart, .text(let text)):
      return ShareStart(text) == nil ? "must be latest, earliest, or by_duration: and a duration such as P1DT2H" : nil
    case (.listeners, .list(let elements)):
      return elements.allSatisfy { Listener($0) != nil } ? nil : "must be a list of NAME://host:port"
    default:
      return nil
    }
  }

  private static func isReplica(_ element: String) -> Bool {
    let parts = element.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    return parts.count == 2
      && parts.allSatisfy { part in
        !part.isEmpty && part.count <= 10 && part.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      }
  }
}
