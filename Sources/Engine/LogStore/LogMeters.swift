package import Metrics
package import Units

/// What the log has done since the start, for the metrics. Belongs to the engine's thread.
package struct LogMeters: Sendable {
  /// Nanoseconds of a group's writes to segments.
  package private(set) var write = Histogram.latency
  /// Nanoseconds of a group's way into the journal, synced.
  package private(set) var sync = Histogram.latency
  /// Frames in a group.
  package private(set) var groupFrames = Histogram(first: 1, bounds: 14)
  /// Payload bytes of a group.
  package private(set) var groupBytes = Histogram(first: 1_024, bounds: 14)
  /// Nanoseconds from a checkpoint's first write to its last sync.
  package private(set) var checkpoint = Histogram(first: 1_048_576, bounds: 16)
  /// Bytes written to the journal.
  package private(set) var journalBytes: UInt64 = 0

  mutating func committed(_ group: CommitGroup, _ done: CommittedParts) {
    if done.parts.contains(.segments) { write.observe(nanoseconds: done.writeNanoseconds) }
    guard done.parts.contains(.journal) else { return }
    if group.syncs { sync.observe(nanoseconds: done.syncNanoseconds) }
    groupFrames.observe(UInt64(group.entries.count))
    groupBytes.observe(UInt64(max(group.bytes.value, 0)))
    journalBytes &+= UInt64(max(done.journalBytes.value, 0))
  }

  mutating func checkpointed(nanoseconds: Int64) { checkpoint.observe(nanoseconds: nanoseconds) }
}

extension LogStore {
  /// Journal written since the last checkpoint began.
  package var bytesSinceCheckpoint: ByteCount { checkpoints.journalBytes }
  /// Payload bytes that are decided and not yet durable.
  package var bytesWaiting: ByteCount { commits.waitingBytes }
}
