import ByteCodec
import KafkaWire

/// Checks a vector that holds the body of one message.
package enum MessageCheck {
  /// What is wrong with our reading or writing of the vector; nil when nothing is.
  package static func problem(with vector: JSONValue) -> String? {
    guard let name = vector["api"]?.string, let key = vector["key"]?.integer, let kind = vector["kind"]?.string,
      let version = vector["version"]?.integer, let hex = vector["hex"]?.string, let json = vector["json"],
      let body = bytes(hexadecimal: hex), let version = Int16(exactly: version)
    else { return "the line is not a message vector" }
    guard let api = Int16(exactly: key).flatMap(APIKey.init(rawValue:)) else { return "unknown API \(key)" }
    guard api.name == name else { return "API \(key) is \(api.name) here, \(name) there" }
    guard kind == "request" || kind == "response" else { return "unknown kind \(kind)" }
    let isRequest = kind == "request"
    if let given = vector["header"]?.integer {
      let own = isRequest ? api.requestHeaderVersion(for: version) : api.responseHeaderVersion(for: version)
      guard given == own else { return "header version \(own) where \(given) is given" }
    }
    let type = isRequest ? api.requestType : api.responseType
    return problem(type, version: version, body: body, json: json)
  }

  private static func problem(
    _ type: any WireMessage.Type, version: Int16, body: [UInt8], json: JSONValue
  ) -> String? {
    let message: any WireMessage
    do {
      message = try decode(type, version: version, body[...])
    } catch {
      return "cannot be decoded: \(error)"
    }
    if let found = ValueComparison.difference(message, json) { return "decoded differently at \(found)" }
    var writer = ByteWriter()
    message.encode(to: &writer, version: version)
    let written = writer.takeArray()
    guard written == body else { return "encoded differently: \(firstDifference(written, body))" }
    return truncationProblem(type, version: version, body: body)
  }

  /// Every shorter prefix must be refused, never accepted.
  private static func truncationProblem(_ type: any WireMessage.Type, version: Int16, body: [UInt8]) -> String? {
    for length in 0..<body.count {
      do {
        _ = try decode(type, version: version, body[..<length])
        return "accepted although cut to \(length) of \(body.count) bytes"
      } catch {
        continue
      }
    }
    return nil
  }

  /// A body from a slice, as the server decodes it, with unknown tags kept.
  static func decode(
    _ type: any WireMessage.Type, version: Int16, _ body: ArraySlice<UInt8>
  ) throws(WireError) -> any WireMessage {
    let slice = ByteSlice(copying: Array(body))
    var reader = ByteReader(slice)
    reader.keepsUnknownTags = true
    let message = try type.init(from: &reader, version: version)
    try reader.finish()
    return message
  }

  private static func firstDifference(_ own: [UInt8], _ given: [UInt8]) -> String {
    let same = zip(own, given).prefix { $0.0 == $0.1 }.count
    return "\(own.count) bytes where \(given.count) are given, alike up to byte \(same)"
  }
}
