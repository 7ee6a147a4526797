/// A value as JSON writes it. Objects keep the order of their members.
package indirect enum JSONText: Sendable {
  case string(String)
  case number(Int64)
  case bool(Bool)
  case null
  case array([JSONText])
  case object([(String, JSONText)])

  /// A string, or null.
  package static func optional(_ text: String?) -> JSONText { text.map(JSONText.string) ?? .null }

  /// The value on one line.
  package var line: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .string(let text): JSONText.append(string: text.utf8, to: &bytes)
    case .number(let number): bytes += String(number).utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .null: bytes += "null".utf8
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (place, value) in values.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (place, member) in members.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        JSONText.append(string: member.0.utf8, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.1.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Writes valid UTF-8 as a JSON string, quotes included.
  package static func append(string text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20, 0x7F:
        let digits = String(byte, radix: 16)
        bytes += "\\u00".utf8
        bytes += (digits.utf8.count < 2 ? "0" + digits : digits).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a member of bytes: `"name":"text"` where they are UTF-8, `"name_base64":"..."` where not,
  /// `"name":null` where there are none.
  package static func append(member name: String, bytes value: UnsafeRawBufferPointer?, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    bytes += name.utf8
    guard let value else { return bytes += "\":null".utf8 }
    if isUTF8(value) {
      bytes += "\":".utf8
      append(string: value, to: &bytes)
    } else {
      bytes += "_base64\":\"".utf8
      appendBase64(value, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
  }

  private static func isUTF8(_ value: UnsafeRawBufferPointer) -> Bool {
    if value.allSatisfy({ $0 < 0x80 }) { return true }
    return String(validating: value, as: UTF8.self) != nil
  }

  private static func appendBase64(_ value: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for start in stride(from: 0, to: value.count, by: 3) {
      let count = min(3, value.count - start)
      var bits = 0
      for place in 0..<3 { bits = bits << 8 | (place < count ? Int(value[start + place]) : 0) }
      for place in 0..<4 {
        bytes.append(place <= count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
  }
}
