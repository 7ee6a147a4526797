package import ByteCodec

/// A request, a response, or the key or value of an internal record: what the schema files describe.
package protocol WireMessage: Sendable {
  /// The versions that can be decoded and encoded.
  static var versions: ClosedRange<Int16> { get }

  /// Reads a body of that version; fails on a version outside `versions`. Bytes after the body are left unread.
  init(from reader: inout ByteReader, version: Int16) throws(WireError)

  /// Writes a body of that version. What the version has no field for is left out, and a null where it allows none is
  /// written as an empty value. A version outside `versions` is taken as the nearest one inside.
  func encode(to writer: inout ByteWriter, version: Int16)

  /// Calls `found` for every error code of a response, wherever it stands; zeros, which mean success, included.
  func errorCodes(_ found: (Int16) -> Void)
}

extension WireMessage {
  /// Messages without error codes have none.
  package func errorCodes(_ found: (Int16) -> Void) {}

  /// `version`, held within `versions`.
  static func nearest(_ version: Int16) -> Int16 { min(max(version, versions.lowerBound), versions.upperBound) }
}

/// A structure inside a message. The version has been checked by the message.
protocol WireStructure: Sendable {
  init(from reader: inout ByteReader, version: Int16) throws(WireError)
  func encode(to writer: inout ByteWriter, version: Int16)
}

/// A tagged field that the schema files do not know, kept so that a tool can write it back.
package struct UnknownTag: Sendable, Hashable {
  /// The field's number.
  package var tag: UInt32
  /// The field's value, undecoded.
  package var bytes: [UInt8]

  package init(tag: UInt32, bytes: [UInt8]) {
    self.tag = tag
    self.bytes = bytes
  }
}
