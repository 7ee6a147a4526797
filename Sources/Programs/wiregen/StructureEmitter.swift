/// Writes one structure: properties, both inits, the encoder, and the structures nested in it.
struct StructureEmitter {
  let message: MessageSchema
  let name: String
  let about: String
  let fields: [Field]
  /// The versions in which the structure can occur.
  let versions: VersionRange
  let isTopLevel: Bool
  /// Whether it is the value of a tagged field, so that it must be comparable with its default.
  var isTagged = false

  var canBeFlexible: Bool { message.isFlexible(versions.last) }

  /// `true`, `false` or the question.
  var flexible: String {
    guard let first = message.flexible, first <= versions.last else { return "false" }
    return first <= versions.first ? "true" : "version >= \(first)"
  }

  func emit(into text: inout SwiftText) {
    text.line("")
    text.line("/// \(about)" + (isTopLevel ? ", versions \(versions.first) to \(versions.last)." : "."))
    text.block("package struct \(name): \(conformance)") { text in
      if isTopLevel {
        text.line("package static var versions: ClosedRange<Int16> { \(versions.first)...\(versions.last) }")
        if let type = message.recordType { text.line("package static var recordType: Int16 { \(type) }") }
        text.line("")
      }
      for field in fields { emitProperty(field, into: &text) }
      if canBeFlexible { text.line("package var unknownTags: [UnknownTag] = []") }
      emitMemberwiseInit(into: &text)
      emitDecoder(into: &text)
      emitEncoder(into: &text)
      emitErrorCodes(into: &text)
      if isTagged { emitIsDefault(into: &text) }
      for field in fields {
        guard let nested = field.type.structureName else { continue }
        var emitter = StructureEmitter(
          message: message, name: nested, about: "What `\(field.propertyName)` holds", fields: field.children,
          versions: field.versions, isTopLevel: false)
        if case .structure = field.type { emitter.isTagged = field.tag != nil || isTagged }
        emitter.emit(into: &text)
      }
    }
  }

  private var conformance: String { isTopLevel ? "WireMessage" : "WireStructure" }

  private func swiftType(_ field: Field) -> String { field.type.swiftName + (field.isOptional ? "?" : "") }

  private func emitProperty(_ field: Field, into text: inout SwiftText) {
    if let condition = versionCondition(field.versions, within: versions) {
      text.line("/// Where `\(condition)`.")
    }
    text.line("package var \(declared(field)): \(swiftType(field))")
    if let gap = field.gapName {
      text.line("/// Bytes that the sender puts in the place of `\(field.propertyName)`; 0: none.")
      text.line("package var \(gap) = 0")
    }
  }

  private func declared(_ field: Field) -> String {
    let reserved: Set = ["protocol", "operator", "default", "internal", "extension", "where", "in", "is", "as", "init"]
    return reserved.contains(field.propertyName) ? "`\(field.propertyName)`" : field.propertyName
  }

  /// The property inside the coding functions, told apart from their own names.
  private func access(_ field: Field) -> String {
    let taken = ["version", "reader", "writer", "tags", "tag"]
    return taken.contains(field.propertyName) ? "self.\(field.propertyName)" : declared(field)
  }

  private func defaultValue(of field: Field) -> String {
    switch field.defaultText {
    case "null"?: return "nil"
    case "{}"?: return "\(field.type.swiftName)()"
    case let given?: return given
    case nil: break
    }
    if field.isOptional { return "nil" }
    switch field.type {
    case .bool: return "false"
    case .string: return "\"\""
    case .uuid: return ".zero"
    case .bytes, .array: return "[]"
    case .structure(let name): return "\(name)()"
    default: return "0"
    }
  }

  private func emitMemberwiseInit(into text: inout SwiftText) {
    text.line("")
    guard !fields.isEmpty else { return text.line("package init() {}") }
    let parameters = fields.map { "\($0.propertyName): \(swiftType($0)) = \(defaultValue(of: $0))" }
    text.block("package init(\(parameters.joined(separator: ", ")))") { text in
      for field in fields { text.line("self.\(field.propertyName) = \(declared(field))") }
    }
  }

  // MARK: Decoding

  private func emitDecoder(into text: inout SwiftText) {
    text.line("")
    let access = isTopLevel ? "package " : ""
    text.block("\(access)init(from reader: inout ByteReader, version: Int16) throws(WireError)") { text in
      if isTopLevel { text.line("guard Self.versions.contains(version) else { throw .unsupportedVersion }") }
      text.line("self.init()")
      for field in fields where field.tag == nil {
        text.when(versionCondition(field.versions, within: versions)) { text in
          emitRead(field, into: &text)
        }
      }
      if canBeFlexible {
        text.when(flexible == "true" ? nil : flexible) { text in emitTagDecoder(into: &text) }
      }
    }
  }

  private func emitTagDecoder(into text: inout SwiftText) {
    let tagged = fields.filter { $0.tag != nil }.sorted { ($0.tag ?? 0) < ($1.tag ?? 0) }
    guard !tagged.isEmpty else { return text.line("unknownTags = try reader.unknownTags()") }
    let known = VersionRange(first: max(versions.first, message.flexible ?? 0), last: versions.last)
    text.line("var tags = try TagReader(&reader)")
    text.block("while let tag = try tags.next(&reader)") { text in
      text.line("switch tag {")
      for field in tagged {
        let condition = versionCondition(field.versions, within: known).map { " where \($0)" } ?? ""
        text.line("case \(field.tag ?? 0)\(condition):")
        text.indented { emitRead(field, into: &$0) }
      }
      text.line("default: try tags.keep(&reader, in: &unknownTags)")
      text.line("}")
    }
  }

  private func emitRead(_ field: Field, into text: inout SwiftText) {
    guard let nullable = field.nullable else {
      return text.line("\(access(field)) = try \(readExpression(field, nullable: false))")
    }
    guard let condition = versionCondition(nullable, within: field.versions) else {
      return text.line("\(access(field)) = try \(readExpression(field, nullable: true))")
    }
    text.block("if \(condition)") { $0.line("\(access(field)) = try \(readExpression(field, nullable: true))") }
    text.block("else") { $0.line("\(access(field)) = try \(readExpression(field, nullable: false))") }
  }

  private func readExpression(_ field: Field, nullable: Bool) -> String {
    switch field.type {
    case .string: "reader.\(nullable ? "optionalText" : "text")(\(flexible))"
    case .bytes: "reader.\(nullable ? "optionalOctets" : "octets")(\(flexible))"
    case .records, .sentRecords: "reader.\(nullable ? "optionalPayload" : "payload")(\(flexible))"
    case .array(.structure):
      "reader.\(arrayFunction(nullable))(version, \(flexible), least: \(minimumSize(of: field)))"
    case .array: "reader.\(nullable ? "optionalValues" : "values")(\(flexible))"
    case .structure(let name):
      nullable ? "reader.optionalStructure(version)" : "\(name)(from: &reader, version: version)"
    default: "reader.\(field.type == .uuid ? "uuid" : uncapitalized(scalarName(field.type)))()"
    }
  }

  /// Hot messages get loops of their own, the others share one that takes the type at run time.
  private func arrayFunction(_ nullable: Bool) -> String {
    switch (message.isHot, nullable) {
    case (true, true): "optionalElements"
    case (true, false): "elements"
    case (false, true): "optionalSharedElements"
    case (false, false): "sharedElements"
    }
  }

  private func scalarName(_ type: FieldType) -> String {
    switch type {
    case .uuid: "UUID"
    case .float64: "Float64"
    case .uint16: "UInt16"
    case .uint32: "UInt32"
    default: type.swiftName
    }
  }

  // MARK: Encoding

  private func emitEncoder(into text: inout SwiftText) {
    text.line("")
    let access = isTopLevel ? "package " : ""
    text.block("\(access)func encode(to writer: inout ByteWriter, version: Int16)") { text in
      var trial = text
      emitEncoderBody(into: &trial)
      let asksVersion = trial.text.dropFirst(text.text.count).replacing("self.version", with: "").contains("version")
      if isTopLevel, asksVersion { text.line("let version = Self.nearest(version)") }
      emitEncoderBody(into: &text)
    }
  }

  private func emitEncoderBody(into text: inout SwiftText) {
    for field in fields where field.tag == nil {
      text.when(versionCondition(field.versions, within: versions)) { text in emitWrite(field, into: &text) }
    }
    if canBeFlexible {
      text.when(flexible == "true" ? nil : flexible) { text in emitTagEncoder(into: &text) }
    }
  }

  private func emitTagEncoder(into text: inout SwiftText) {
    let tagged = fields.filter { $0.tag != nil }
    guard !tagged.isEmpty else { return text.line("writer.tags(unknownTags)") }
    let known = VersionRange(first: max(versions.first, message.flexible ?? 0), last: versions.last)
    text.line("var tags = TagWriter(unknownTags)")
    for field in tagged {
      let asked = versionCondition(field.versions, within: known).map { "\($0) && " } ?? ""
      text.block("if \(asked)\(differsFromDefault(field))") { text in
        text.block("tags.add(\(field.tag ?? 0))", opening: "{ writer in") { text in emitWrite(field, into: &text) }
      }
    }
    text.line("tags.write(to: &writer)")
  }

  private func emitWrite(_ field: Field, into text: inout SwiftText) {
    guard field.isOptional else { return text.line(writeStatement(field, value: access(field), nullable: false)) }
    let fallback = field.type == .string ? "\"\"" : field.type.swiftName == "ByteSlice" ? ".empty" : "[]"
    let plain = writeStatement(field, value: "\(access(field)) ?? \(fallback)", nullable: false)
    guard let nullable = field.nullable else { return text.line(plain) }
    let full = writeStatement(field, value: access(field), nullable: true)
    guard let condition = versionCondition(nullable, within: field.versions) else { return text.line(full) }
    text.block("if \(condition)") { $0.line(full) }
    text.block("else") { $0.line(plain) }
  }

  private func writeStatement(_ field: Field, value: String, nullable: Bool) -> String {
    switch field.type {
    case .string: "writer.\(nullable ? "optionalText" : "text")(\(value), \(flexible))"
    case .bytes: "writer.\(nullable ? "optionalOctets" : "octets")(\(value), \(flexible))"
    case .records: "writer.\(nullable ? "optionalPayload" : "payload")(\(value), \(flexible))"
    case .sentRecords: "writer.optionalPayload(\(value), gap: \(field.propertyName)Gap, \(flexible))"
    case .array(.structure): "writer.\(arrayFunction(nullable))(\(value), version, \(flexible))"
    case .array: "writer.\(nullable ? "optionalValues" : "values")(\(value), \(flexible))"
    case .structure:
      nullable ? "writer.optionalStructure(\(value), version)" : "\(value).encode(to: &writer, version: version)"
    default: "writer.write\(scalarName(field.type))(\(value))"
    }
  }

  /// The question whether a field holds something else than its default.
  private func differsFromDefault(_ field: Field) -> String {
    let name = access(field)
    switch field.type {
    case .structure:
      if !field.isOptional { return "!\(name).isDefault" }
      return field.defaultText == "{}" ? "\(name)?.isDefault != true" : "\(name) != nil"
    case .array, .bytes:
      if !field.isOptional { return "!\(name).isEmpty" }
      return defaultValue(of: field) == "nil" ? "\(name) != nil" : "\(name)?.isEmpty != true"
    case .records, .sentRecords: return "\(name) != nil"
    case .bool: return defaultValue(of: field) == "true" ? "!\(name)" : name
    default: return "\(name) != \(defaultValue(of: field))"
    }
  }

  // MARK: Sizes and defaults

  /// The fewest bytes an element of `field` takes, as a question about the version.
  private func minimumSize(of field: Field) -> String {
    let known = field.tag == nil ? field.versions.all : field.versions.all.filter { message.isFlexible($0) }
    let sizes = known.map { (version: $0, size: leastSize(of: field.children, in: $0)) }
    var text = ""
    for (index, entry) in sizes.enumerated() where index > 0 && sizes[index - 1].size != entry.size {
      text += "version < \(entry.version) ? \(sizes[index - 1].size) : "
    }
    return text + "\(sizes.last?.size ?? 1)"
  }

  /// The least number of bytes that `fields` take in `version`; at least 1, so that a count is always bounded.
  private func leastSize(of fields: [Field], in version: Int) -> Int {
    let flexible = message.isFlexible(version)
    var size = flexible ? 1 : 0
    for field in fields where field.tag == nil && field.versions.contains(version) {
      switch field.type {
      case .bool, .int8: size += 1
      case .int16, .uint16: size += 2
      case .int32, .uint32: size += 4
      case .int64, .float64: size += 8
      case .uuid: size += 16
      case .string: size += flexible ? 1 : 2
      case .bytes, .records, .sentRecords, .array: size += flexible ? 1 : 4
      case .structure:
        size += field.nullable?.contains(version) == true ? 1 : leastSize(of: field.children, in: version)
      }
    }
    return max(size, 1)
  }

  private func emitIsDefault(into text: inout SwiftText) {
    let questions = fields.map { differsFromDefault($0) } + ["!unknownTags.isEmpty"]
    text.line("")
    text.block("var isDefault: Bool") { text in
      for question in questions { text.line("if \(question) { return false }") }
      text.line("return true")
    }
  }
}
