/// A generated file.
package struct GeneratedFile: Equatable {
  package var name: String
  package var text: String
}

/// Turns the text of the schema files into the text of the generated files; touches no disk.
package enum Generator {
  /// Every file of the folder `Generated`, from the schema files' names and texts.
  package static func generate(_ sources: [(name: String, text: String)]) throws(SchemaError) -> [GeneratedFile] {
    var files: [GeneratedFile] = []
    var apis: [APISchema] = []
    for source in sources.sorted(by: { $0.name < $1.name }) {
      if source.name == "errors.table" {
        files.append(errorTable(try parseErrors(source.text)))
      } else if source.name.hasSuffix(".schema") {
        var parser = SchemaParser(file: String(source.name.dropLast(7)), text: source.text)
        let schema = try parser.parse()
        if let api = schema.api { apis.append(api) }
        files.append(messages(of: schema))
      }
    }
    apis.sort { $0.key < $1.key }
    files.append(apiTable(apis))
    files.append(messageTable(apis))
    return files.sorted { $0.name < $1.name }
  }

  private static func messages(of schema: SchemaFile) -> GeneratedFile {
    let usesIDs = schema.messages.contains { mentionsID($0.fields) }
    var text = SwiftText(imports: ["package import ByteCodec"] + (usesIDs ? ["package import Units"] : []))
    for message in schema.messages {
      let emitter = StructureEmitter(
        message: message, name: message.name, about: message.about, fields: message.fields,
        versions: message.versions, isTopLevel: true)
      emitter.emit(into: &text)
    }
    return GeneratedFile(name: schema.name + ".swift", text: text.text)
  }

  private static func mentionsID(_ fields: [Field]) -> Bool {
    fields.contains { $0.type == .uuid || $0.type == .array(.uuid) || mentionsID($0.children) }
  }

  private static func apiTable(_ apis: [APISchema]) -> GeneratedFile {
    var text = SwiftText(imports: [])
    text.line("")
    text.line("/// The APIs this room has messages for.")
    text.block("package enum APIKey: Int16, CaseIterable, Sendable") { text in
      for api in apis { text.line("case \(uncapitalized(api.name)) = \(api.key)") }
      text.line("")
      text.line("/// The API's name.")
      emitSwitch("package var name: String", apis.map { ($0, "\"\($0.name)\"") }, fallback: nil, into: &text)
      text.line("/// The oldest version that can be decoded.")
      emitSwitch(
        "package var minimumVersion: Int16", apis.map { ($0, "\($0.versions.first)") }, fallback: "0", into: &text)
      text.line("/// The newest version that can be decoded.")
      emitSwitch(
        "package var maximumVersion: Int16", apis.map { ($0, "\($0.versions.last)") }, fallback: "0", into: &text)
      text.line("/// The newest version that may be advertised to clients.")
      emitSwitch(
        "package var stableVersion: Int16",
        apis.map { ($0, $0.stable == $0.versions.last ? "maximumVersion" : "\($0.stable)") },
        fallback: "maximumVersion", into: &text)
      text.line("/// The first version with compact lengths and tagged fields; nil when there is none.")
      emitSwitch(
        "package var flexibleFrom: Int16?", apis.map { ($0, $0.flexible.map { "\($0)" } ?? "nil") }, fallback: "nil",
        into: &text)
    }
    return GeneratedFile(name: "APIKey.swift", text: text.text)
  }

  /// A property that answers by API; equal answers share a case, the commonest is `fallback`.
  private static func emitSwitch(
    _ property: String, _ answers: [(api: APISchema, value: String)], fallback: String?, into text: inout SwiftText
  ) {
    text.block(property) { text in
      text.line("switch self {")
      var values: [String] = []
      for answer in answers where answer.value != fallback && !values.contains(answer.value) {
        values.append(answer.value)
      }
      for value in values {
        let names = answers.filter { $0.value == value }.map { ".\(uncapitalized($0.api.name))" }
        text.line("case \(names.joined(separator: ", ")): \(value)")
      }
      if let fallback { text.line("default: \(fallback)") }
      text.line("}")
    }
  }

  private static func messageTable(_ apis: [APISchema]) -> GeneratedFile {
    var text = SwiftText(imports: [])
    text.line("")
    text.block("extension APIKey") { text in
      for kind in ["Request", "Response"] {
        text.line("/// The type of the API's \(kind.lowercased())s, for tools.")
        text.block("package var \(kind.lowercased())Type: any WireMessage.Type") { text in
          text.line("switch self {")
          for api in apis { text.line("case .\(uncapitalized(api.name)): \(api.name)\(kind).self") }
          text.line("}")
        }
      }
    }
    return GeneratedFile(name: "MessageTypes.swift", text: text.text)
  }

  private static func errorTable(_ errors: [ErrorEntry]) -> GeneratedFile {
    var text = SwiftText(imports: [])
    text.line("")
    text.block("extension ErrorCode") { text in
      for error in errors {
        text.line("package static var \(camelCase(error.name)): ErrorCode { ErrorCode(rawValue: \(error.code)) }")
      }
      text.line("")
      text.line("/// Every code of the table, in order.")
      let members = errors.map { ".\(camelCase($0.name))" }.joined(separator: ", ")
      text.line("package static var all: [ErrorCode] { [\(members)] }")
      text.line("")
      text.line("/// The code's name; nil for a code that is not in the table.")
      text.block("package var name: String?") { text in
        text.line("switch rawValue {")
        for error in errors { text.line("case \(error.code): \"\(error.name)\"") }
        text.line("default: nil")
        text.line("}")
      }
      text.line("/// Whether a client may send the same request again.")
      text.block("package var isRetriable: Bool") { text in
        text.line("switch rawValue {")
        let codes = errors.filter(\.isRetriable).map { "\($0.code)" }
        text.line("case \(codes.joined(separator: ", ")): true")
        text.line("default: false")
        text.line("}")
      }
    }
    return GeneratedFile(name: "ErrorTable.swift", text: text.text)
  }
}
