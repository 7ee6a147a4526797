import ByteCodec
import Units

/// Compares a decoded message with the JSON a vector gives for it, field by field through reflection.
enum ValueComparison {
  /// The first difference between `value` and `json`, with its path; nil when there is none.
  ///
  /// A field the JSON leaves out is one its version does not have, or a tagged field at its default: it is not compared
  /// here, but would show in the encoded bytes. Of records the JSON may say only that they are there.
  static func difference(_ value: Any, _ json: JSONValue, path: String = "") -> String? {
    switch value {
    case let text as String: return compare(.string(text), json, path)
    case let flag as Bool: return compare(.bool(flag), json, path)
    case let number as Double: return difference(number, json, path)
    case let number as any FixedWidthInteger: return compare(.integer(Int64(clamping: number)), json, path)
    case let id as UniqueID: return difference(id, json, path)
    case let bytes as [UInt8] where type(of: value) == [UInt8].self: return compare(.string(base64(bytes)), json, path)
    case let records as ByteSlice: return difference(records, json, path)
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional?:
      guard let inner = mirror.children.first?.value else { return compare(.null, json, path) }
      return json == .null ? "\(path): a value where null is given" : difference(inner, json, path: path)
    case .collection?: return elements(mirror, json, path)
    case .struct?: return fields(mirror, json, path)
    default: return "\(path): a value of type \(type(of: value)), which cannot be compared"
    }
  }

  private static func compare(_ own: JSONValue, _ given: JSONValue, _ path: String) -> String? {
    own == given ? nil : "\(path): \(own) where \(given) is given"
  }

  /// The given vectors write every batch as an empty text; one with content must be the bytes in base64.
  private static func difference(_ records: ByteSlice, _ json: JSONValue, _ path: String) -> String? {
    if let text = json.string, text.isEmpty || text == base64(records.copy()) { return nil }
    return "\(path): \(records.count) bytes of records where \(json) is given"
  }

  private static func difference(_ id: UniqueID, _ json: JSONValue, _ path: String) -> String? {
    if let text = json.string, UniqueID(text) == id { return nil }
    return "\(path): \(id.hexadecimal) where \(json) is given"
  }

  private static func difference(_ number: Double, _ json: JSONValue, _ path: String) -> String? {
    let given: Double
    switch json {
    case .number(let value): given = value
    case .integer(let value): given = Double(value)
    case .string(let text): given = Double(text) ?? .nan
    default: return "\(path): \(number) where \(json) is given"
    }
    let isSame = number == given || (number.isNaN && given.isNaN)
    return isSame ? nil : "\(path): \(number) where \(given) is given"
  }

  private static func elements(_ mirror: Mirror, _ json: JSONValue, _ path: String) -> String? {
    guard let given = json.array else { return "\(path): an array where \(json) is given" }
    guard given.count == mirror.children.count else {
      return "\(path): \(mirror.children.count) elements where \(given.count) are given"
    }
    for (index, (child, element)) in zip(mirror.children, given).enumerated() {
      if let found = difference(child.value, element, path: "\(path)[\(index)]") { return found }
    }
    return nil
  }

  private static func fields(_ mirror: Mirror, _ json: JSONValue, _ path: String) -> String? {
    guard case .object(var members) = json else { return "\(path): a structure where \(json) is given" }
    for child in mirror.children {
      guard let label = child.label, let given = members.removeValue(forKey: label) else { continue }
      if let found = difference(child.value, given, path: "\(path).\(label)") { return found }
    }
    guard let unread = members.keys.min() else { return nil }
    return "\(path).\(unread): given, but there is no such field"
  }
}
