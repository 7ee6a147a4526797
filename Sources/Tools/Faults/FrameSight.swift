package import ByteCodec
import KafkaWire

/// What the proxy knows of a frame.
package struct FrameSight: Equatable, Sendable {
  /// Its bytes with the four of its length.
  package var size: Int
  /// Whether it, or the request it answers, changes something: records, offsets, transactions.
  package var changes: Bool
  /// Whether it may reach the server after its sender has closed the connection, as packets of a network do.
  ///
  /// The older transaction protocol cannot tell a late request from one of the next transaction (KAFKA-17754): what only
  /// KIP-890 protects is not delivered late.
  package var mayArriveLate: Bool

  package init(size: Int, changes: Bool, mayArriveLate: Bool) {
    self.size = size
    self.changes = changes
    self.mayArriveLate = mayArriveLate
  }

  /// A request's frame, without its length.
  package init(request frame: ByteSlice) {
    size = frame.count + 4
    (changes, mayArriveLate) = (false, false)
    var reader = ByteReader(frame)
    guard let header = try? RequestHeader(from: &reader), let api = header.api else { return }
    switch api {
    case .produce:
      changes = true
      mayArriveLate = header.apiVersion >= 12 || !Self.namesTransaction(&reader, header)
    case .endTxn, .txnOffsetCommit: (changes, mayArriveLate) = (true, header.apiVersion >= 5)
    case .addPartitionsToTxn, .addOffsetsToTxn, .initProducerId: changes = true
    case .offsetCommit: (changes, mayArriveLate) = (true, true)
    default: mayArriveLate = true
    }
  }

  /// Whether a produce request carries a transactional id: its first field.
  private static func namesTransaction(_ reader: inout ByteReader, _ header: RequestHeader) -> Bool {
    guard header.apiVersion >= 3 else { return false }
    if header.apiVersion >= 9 { return (try? reader.readInt8()) != 0 }
    return (try? reader.readInt16()) != -1
  }
}
