/// One thing that an inspection came upon: what it is, where it is, and what it means.
package struct Finding: Sendable, Equatable {
  package enum Part: String, Sendable { case checkpoint, journal, segment, index, orphan }

  package enum Weight: String, Sendable {
    /// Bytes that are needed are not what was written.
    case damage
    /// Nothing is lost by it: a copy is left, or nobody needs these bytes any more.
    case note
  }

  package var part: Part
  package var weight: Weight
  /// The file or folder, relative to the data folder.
  package var path: String
  /// Where in the file.
  package var bytes: Range<Int64>?
  /// Topic and number, as `topic/number`.
  package var partition: String?
  /// The offsets that are affected.
  package var offsets: ClosedRange<Int64>?
  /// What is wrong, and what follows from it.
  package var what: String

  package init(
    _ part: Part, _ weight: Weight, _ path: String, bytes: Range<Int64>? = nil, partition: String? = nil,
    offsets: ClosedRange<Int64>? = nil, _ what: String
  ) {
    self.part = part
    self.weight = weight
    self.path = path
    self.bytes = bytes
    self.partition = partition
    self.offsets = offsets
    self.what = what
  }

  /// The finding in one line.
  package var line: String {
    var place = path
    if let bytes { place += " bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)" }
    if let partition { place += ", \(partition)" }
    if let offsets { place += " offsets \(offsets.lowerBound)-\(offsets.upperBound)" }
    return "\(weight.rawValue): \(part.rawValue): \(place): \(what)"
  }
}

/// Why a tool could not do its work. Nothing was changed unless the text says so.
package struct InspectionError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Kind: Equatable, Sendable {
    /// Another process has the folder open.
    case locked
    /// The disk refused.
    case disk
    /// What is there, or what was asked, cannot be used as it is.
    case refused
    /// The folder changes too fast to be read; another time it may go.
    case busy
  }

  package var kind: Kind
  package var description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
