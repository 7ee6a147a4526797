/// Why a schema file could not be read, with its place.
package struct SchemaError: Error, CustomStringConvertible {
  var file: String
  var line: Int
  package var problem: String

  package var description: String { "\(file):\(line): \(problem)" }
}

/// Reads one schema file.
struct SchemaParser {
  private let file: String
  private var lines: [(number: Int, indent: Int, text: String)] = []
  private var next = 0

  init(file: String, text: String) {
    self.file = file
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let indent = line.prefix { $0 == " " }.count
      guard indent < line.count else { continue }
      lines.append((index + 1, indent, String(line.dropFirst(indent))))
    }
  }

  /// The file's API or records.
  mutating func parse() throws(SchemaError) -> SchemaFile {
    guard let head = lines.first else { throw SchemaError(file: file, line: 1, problem: "the file is empty") }
    next = 1
    let words = head.text.split(separator: " ").map(String.init)
    switch words.first {
    case "api": return try parseAPI(words)
    case "topic": return try parseTopic()
    default: throw failure("expected `api` or `topic`", at: head.number)
    }
  }

  private mutating func parseAPI(_ words: [String]) throws(SchemaError) -> SchemaFile {
    guard words.count >= 5, let key = Int(words[1]) else {
      throw failure("expected `api KEY NAME versions A-B`", at: 1)
    }
    let name = words[2]
    let isHot = words.last == "hot"
    let (versions, flexible, stable) = try attributes(words.dropFirst(3).filter { $0 != "hot" }, at: 1)
    let api = APISchema(
      key: key, name: name, versions: versions, flexible: flexible, stable: stable ?? versions.last)
    var messages: [MessageSchema] = []
    for kind in ["request", "response"] {
      guard next < lines.count, lines[next].text == kind else { throw failure("expected `\(kind)`", at: here) }
      next += 1
      var message = MessageSchema(
        name: name + capitalized(kind), about: "The \(kind) of \(name)", versions: versions, flexible: flexible)
      message.isHot = isHot
      message.fields = try fields(deeperThan: 0, parent: versions)
      messages.append(message)
    }
    guard next == lines.count else { throw failure("unexpected text after the response", at: here) }
    return SchemaFile(name: name, api: api, messages: messages)
  }

  private mutating func parseTopic() throws(SchemaError) -> SchemaFile {
    var messages: [MessageSchema] = []
    while next < lines.count {
      let words = lines[next].text.split(separator: " ").map(String.init)
      guard words.count >= 5, words[0] == "record", let type = Int(words[1]) else {
        throw failure("expected `record TYPE NAME versions A-B`", at: here)
      }
      let (versions, flexible, _) = try attributes(Array(words.dropFirst(3)), at: here)
      next += 1
      var message = MessageSchema(
        name: words[2], about: "A record layout of type \(type)", versions: versions, flexible: flexible,
        recordType: type)
      message.fields = try fields(deeperThan: 0, parent: versions)
      messages.append(message)
    }
    let name = file.split(separator: "_").map { capitalized(String($0)) }.joined()
    return SchemaFile(name: name + "Records", api: nil, messages: messages)
  }

  private func attributes(
    _ words: [String], at line: Int
  ) throws(SchemaError) -> (versions: VersionRange, flexible: Int?, stable: Int?) {
    var versions: VersionRange?
    var flexible: Int?
    var stable: Int?
    for index in stride(from: 0, to: words.count - 1, by: 2) {
      let value = words[index + 1]
      switch words[index] {
      case "versions": versions = try range(value, within: VersionRange(first: 0, last: Int(Int16.max)), at: line)
      case "flexible": flexible = Int(value.dropLast())
      case "stable": stable = Int(value)
      default: throw failure("unknown word `\(words[index])`", at: line)
      }
    }
    guard let versions else { throw failure("expected `versions A-B`", at: line) }
    return (versions, flexible, stable)
  }

  private mutating func fields(deeperThan indent: Int, parent: VersionRange) throws(SchemaError) -> [Field] {
    var result: [Field] = []
    guard next < lines.count, lines[next].indent > indent else { return result }
    let own = lines[next].indent
    while next < lines.count, lines[next].indent == own {
      let line = lines[next]
      var field = try parseField(line.text, parent: parent, at: line.number)
      next += 1
      field.children = try fields(deeperThan: own, parent: field.versions)
      let needsChildren = field.type.structureName != nil
      guard field.children.isEmpty != needsChildren else {
        throw failure("`\(field.name)` has fields without a structure, or a structure without fields", at: line.number)
      }
      guard !result.contains(where: { $0.name == field.name }) else {
        throw failure("`\(field.name)` is here twice", at: line.number)
      }
      result.append(field)
    }
    return result
  }

  /// `name: type versions tag N = default`, the last three optional.
  private func parseField(_ text: String, parent: VersionRange, at line: Int) throws(SchemaError) -> Field {
    guard let colon = text.firstIndex(of: ":") else { throw failure("expected `name: type`", at: line) }
    var rest = text[text.index(after: colon)...].split(separator: " ").map(String.init)
    guard !rest.isEmpty else { throw failure("expected a type", at: line) }
    let (type, nullability) = try parseType(rest.removeFirst(), at: line)
    var field = Field(name: String(text[..<colon]), type: type, versions: parent)
    if let first = rest.first, first.first?.isNumber == true {
      field.versions = try range(rest.removeFirst(), within: parent, at: line)
    }
    if let nullability {
      field.nullable = nullability.isEmpty ? field.versions : try range(nullability, within: field.versions, at: line)
    }
    if rest.first == "tag" {
      guard rest.count >= 2, let tag = Int(rest[1]) else { throw failure("expected a tag number", at: line) }
      field.tag = tag
      rest.removeFirst(2)
    }
    if rest.first == "=" {
      guard rest.count == 2 else { throw failure("expected one default", at: line) }
      field.defaultText = rest[1]
      rest = []
    }
    guard rest.isEmpty else { throw failure("unexpected `\(rest.joined(separator: " "))`", at: line) }
    return field
  }

  /// The type, and what follows its question mark.
  private func parseType(_ text: String, at line: Int) throws(SchemaError) -> (FieldType, String?) {
    var name = text
    var nullability: String?
    if let mark = text.firstIndex(of: "?") {
      name = String(text[..<mark])
      nullability = String(text[text.index(after: mark)...])
    }
    let isArray = name.hasPrefix("[") && name.hasSuffix("]")
    if isArray { name = String(name.dropFirst().dropLast()) }
    let base: FieldType
    if let primitive = FieldType(primitive: name) {
      base = primitive
    } else if name.first?.isUppercase == true {
      base = .structure(name)
    } else {
      throw failure("unknown type `\(name)`", at: line)
    }
    return (isArray ? .array(base) : base, nullability)
  }

  /// `4-9`, `4+` or `4`.
  private func range(_ text: String, within limits: VersionRange, at line: Int) throws(SchemaError) -> VersionRange {
    let ends = text.split(separator: "-").compactMap { Int($0) }
    if text.hasSuffix("+"), let first = Int(text.dropLast()) {
      return VersionRange(first: max(first, limits.first), last: limits.last)
    }
    guard let first = ends.first, let last = ends.last, first <= last, ends.count <= 2 else {
      throw failure("expected versions, not `\(text)`", at: line)
    }
    return VersionRange(first: max(first, limits.first), last: min(last, limits.last))
  }

  private var here: Int { next < lines.count ? lines[next].number : (lines.last?.number ?? 1) }

  private func failure(_ problem: String, at line: Int) -> SchemaError {
    SchemaError(file: file, line: line, problem: problem)
  }
}

/// Reads the error table.
func parseErrors(_ text: String) throws(SchemaError) -> [ErrorEntry] {
  var entries: [ErrorEntry] = []
  for (index, line) in text.split(separator: "\n").enumerated() {
    let words = line.split(separator: " ")
    guard words.count >= 2, let code = Int(words[0]) else {
      throw SchemaError(file: "errors.table", line: index + 1, problem: "expected a code and a name")
    }
    entries.append(ErrorEntry(code: code, name: String(words[1]), isRetriable: words.last == "retriable"))
  }
  return entries
}
