/// Why bytes from outside could not be decoded. It carries no text: whoever closes the connection or refuses the batch adds where.
@usableFromInline
package enum WireError: Error, Equatable, Sendable {
  /// The bytes end before the value does.
  case truncated
  /// A length or count is negative, or larger than what remains could hold.
  case badLength
  /// A varint has more bytes than its type allows.
  case badVarint
  /// Text that is not UTF-8.
  case badText
  /// A null where the format has none.
  case unexpectedNull
  /// Tagged fields not in ascending order, or a tag whose size does not fit its content.
  case badTag
  /// A value outside what the format allows.
  case badValue
  /// Bytes remain after the end of the message.
  case trailingBytes
  /// A version that this type does not have.
  case unsupportedVersion
  /// Decoding would need more memory than the input is entitled to.
  case budgetExceeded
}
