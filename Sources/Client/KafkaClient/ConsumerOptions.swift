/// How a consumer reads.
package struct ConsumerOptions: Sendable {
  package var isolation = Isolation.readUncommitted
  /// Whether it goes on after the ends that it saw at its start.
  package var follows = false

  /// How long a broker waits for new records before it answers with none, in milliseconds.
  package static let waitMs: Int32 = 500
  /// What one answer about one partition holds, in bytes, save for a single larger batch.
  package static let partitionBytes: Int32 = 4 << 20
  /// What one answer holds, in bytes, save for a single larger batch.
  package static let answerBytes: Int32 = 32 << 20

  /// The defaults.
  package init() {}
}

/// Whether the reader of records wants more.
package enum Appetite: Sendable {
  case more
  case stop
}
