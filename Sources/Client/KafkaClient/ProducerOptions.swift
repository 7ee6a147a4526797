package import Compression

/// How a producer writes.
package struct ProducerOptions: Sendable {
  /// 0: nobody answers; 1: the leader has it; -1: all replicas have it.
  package var acks: Int16 = -1
  package var codec = CompressionCodec.none
  /// A batch is closed when it has grown to this many bytes, before compression.
  package var batchBytes = 512 << 10
  /// Whether the broker recognises batches that are sent twice; needs acks of -1.
  package var isIdempotent = true
  /// The partition of all records, or nil to choose by key.
  package var partition: Int32?
  /// The topic is made where it does not exist and the cluster does that.
  package var createsTopic = true

  /// Batches that wait or are under way hold no more than this, in bytes before compression: then `append` waits.
  package static let bufferBytes = 32 << 20
  /// One request carries no more than this, save for a single larger batch, in bytes.
  package static let requestBytes = 8 << 20
  /// The bounds of `batchBytes`.
  package static let batchBytesRange = 1 << 10...16 << 20

  /// The defaults.
  package init() {}
}

/// What a producer has done so far.
package struct ProducerTotals: Sendable, Equatable {
  /// Records that brokers have acknowledged, or that were sent where nobody acknowledges.
  package var records = 0
  /// Their keys and values, in bytes.
  package var bytes = 0
  /// Batches that were sent again.
  package var retries = 0

  /// Nothing yet.
  package init() {}
}
