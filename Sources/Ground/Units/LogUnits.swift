/// The place of a record in its partition: 0 and up, never re-used.
@usableFromInline
package struct Offset: Hashable, Comparable, Sendable {
  @usableFromInline package var value: Int64

  @inlinable package init(_ value: Int64) { self.value = value }
  @inlinable package static func < (a: Offset, b: Offset) -> Bool { a.value < b.value }

  /// The offset `count` records later. Offsets of a log stay far below `Int64.max`; wrapping keeps a hostile one from trapping.
  @inlinable package func advanced(by count: Int64) -> Offset { Offset(value &+ count) }
}

/// A byte position in a file.
@usableFromInline
package struct FilePosition: Hashable, Comparable, Sendable {
  @usableFromInline package var value: Int64

  @inlinable package init(_ value: Int64) { self.value = value }
  @inlinable package static func < (a: FilePosition, b: FilePosition) -> Bool { a.value < b.value }
  @inlinable package func advanced(by bytes: ByteCount) -> FilePosition { FilePosition(value &+ bytes.value) }
  @inlinable package func distance(to end: FilePosition) -> ByteCount { ByteCount(end.value &- value) }
}

/// A number of bytes.
@usableFromInline
package struct ByteCount: Hashable, Comparable, Sendable {
  @usableFromInline package var value: Int64

  @inlinable package init(_ value: Int64) { self.value = value }
  @inlinable package init(_ value: Int) { self.value = Int64(value) }
  @inlinable package static func < (a: ByteCount, b: ByteCount) -> Bool { a.value < b.value }
  @inlinable package static func + (a: ByteCount, b: ByteCount) -> ByteCount { ByteCount(a.value &+ b.value) }
  @inlinable package static func - (a: ByteCount, b: ByteCount) -> ByteCount { ByteCount(a.value &- b.value) }
  @inlinable package static func += (a: inout ByteCount, b: ByteCount) { a.value &+= b.value }
  @inlinable package static func -= (a: inout ByteCount, b: ByteCount) { a.value &-= b.value }
  @inlinable package static func kibi(_ n: Int64) -> ByteCount { ByteCount(n * 1024) }
  @inlinable package static func mebi(_ n: Int64) -> ByteCount { ByteCount(n * 1024 * 1024) }
  @inlinable package static var zero: ByteCount { ByteCount(0 as Int64) }
}

/// The place of a frame in the journal: 1 and up, one number for the whole node, never re-used. 0 is before the first frame.
@usableFromInline
package struct JournalSequence: Hashable, Comparable, Sendable {
  @usableFromInline package var value: UInt64

  @inlinable package init(_ value: UInt64) { self.value = value }
  @inlinable package static func < (a: JournalSequence, b: JournalSequence) -> Bool { a.value < b.value }
  @inlinable package var next: JournalSequence { JournalSequence(value &+ 1) }
  @inlinable package static var start: JournalSequence { JournalSequence(0) }
}
