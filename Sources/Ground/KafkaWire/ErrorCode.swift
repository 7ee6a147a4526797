/// An error code of the protocol. An open set: a code that is not in the table is carried as it is.
package struct ErrorCode: Hashable, Sendable, CustomStringConvertible {
  /// The code on the wire; 0 is success.
  package var rawValue: Int16

  package init(rawValue: Int16) { self.rawValue = rawValue }

  /// The code's name in the protocol, or its number.
  package var description: String { name ?? "error \(rawValue)" }
}
