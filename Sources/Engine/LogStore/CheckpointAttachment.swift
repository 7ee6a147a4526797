package import ByteCodec

/// Bytes that somebody above the store keeps in its checkpoints: what spares them reading a log from its beginning. Only
/// a cache: whoever finds it missing, or cannot read it, makes it anew from the log.
package struct CheckpointAttachment: Equatable, Sendable {
  package var name: String
  /// The form of `content`, which its owner raises.
  package var version: UInt16
  package var content: ByteSlice

  package init(name: String, version: UInt16, content: ByteSlice) {
    self.name = name
    self.version = version
    self.content = content
  }

  package static func == (a: CheckpointAttachment, b: CheckpointAttachment) -> Bool {
    (a.name, a.version) == (b.name, b.version) && a.content.copy() == b.content.copy()
  }

  /// Writes none as nothing at all: the form that checkpoints had before there were any.
  static func write(_ attachments: [CheckpointAttachment], to writer: inout ByteWriter) {
    guard !attachments.isEmpty else { return }
    writer.writeInt32(Int32(truncatingIfNeeded: attachments.count))
    for attachment in attachments {
      writer.writeLongText(attachment.name)
      writer.writeUInt16(attachment.version)
      writer.writeInt64(Int64(attachment.content.count))
      attachment.content.withUnsafeBytes { writer.writeBytes($0) }
    }
  }

  static func read(from reader: inout ByteReader) throws(WireError) -> [CheckpointAttachment] {
    guard reader.remaining > 0 else { return [] }
    let attachments = try reader.readList(minimumSize: 14) { reader throws(WireError) in
      let name = try reader.readLongText()
      let version = try reader.readUInt16()
      let length = try reader.readInt64()
      guard length >= 0, length <= Int64(reader.remaining) else { throw .badLength }
      return CheckpointAttachment(name: name, version: version, content: try reader.readPayload(Int(length)))
    }
    try reader.finish()
    return attachments
  }
}

/// An attachment that is yet to be encoded: that takes time in proportion to its size, and the checkpoint's lane has it.
package struct PendingAttachment: Sendable {
  package var name: String
  package var version: UInt16
  /// Made of a copy of the state as of the checkpoint; called once, on any thread.
  package var encode: @Sendable () -> ByteSlice

  package init(name: String, version: UInt16, encode: @escaping @Sendable () -> ByteSlice) {
    self.name = name
    self.version = version
    self.encode = encode
  }

  /// One that is encoded already.
  package init(_ attachment: CheckpointAttachment) {
    self.init(name: attachment.name, version: attachment.version) { attachment.content }
  }

  package func encoded() -> CheckpointAttachment {
    CheckpointAttachment(name: name, version: version, content: encode())
  }
}
