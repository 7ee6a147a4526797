/// The walk over a response's error codes, so that they can be counted without knowing the message.
extension StructureEmitter {
  /// Writes `errorCodes` for a response that has any; others keep the protocol's own, which finds none.
  func emitErrorCodes(into text: inout SwiftText) {
    guard isTopLevel, name.hasSuffix("Response"), Self.holdsErrorCode(fields) else { return }
    text.line("")
    text.block("package func errorCodes(_ found: (Int16) -> Void)") { text in
      emitErrorCodes(of: fields, in: "", depth: 0, into: &text)
    }
  }

  private func emitErrorCodes(of fields: [Field], in owner: String, depth: Int, into text: inout SwiftText) {
    for field in fields {
      let value = owner + field.propertyName
      if Self.isErrorCode(field) {
        text.line("found(\(value))")
        continue
      }
      guard Self.holdsErrorCode(field.children) else { continue }
      let element = "element\(depth)"
      switch (field.type, field.isOptional) {
      case (.array, let isOptional):
        text.block("for \(element) in \(value)\(isOptional ? " ?? []" : "")") { text in
          emitErrorCodes(of: field.children, in: element + ".", depth: depth + 1, into: &text)
        }
      case (_, true):
        text.block("if let \(element) = \(value)") { text in
          emitErrorCodes(of: field.children, in: element + ".", depth: depth + 1, into: &text)
        }
      default: emitErrorCodes(of: field.children, in: value + ".", depth: depth, into: &text)
      }
    }
  }

  private static func isErrorCode(_ field: Field) -> Bool { field.name == "error_code" && field.type == .int16 }

  private static func holdsErrorCode(_ fields: [Field]) -> Bool {
    fields.contains { isErrorCode($0) || holdsErrorCode($0.children) }
  }
}
