package import Machine
package import Units

/// What is known of the room on the volume.
struct SpaceWatch {
  var measuredAt: Instant?
  /// Bytes of batches that the last measurement could not see: accepted since, or not yet written then.
  var accepted = ByteCount.zero
  /// The same as it will be when the measurement under way is done: those it may miss.
  private var acceptedAnew = ByteCount.zero
  private(set) var last: VolumeSpace?
  /// The size of journal files made before the last measurement, and before the one under way.
  private(set) var journalMade = ByteCount.zero
  private var journalMadeAnew = ByteCount.zero
  /// The size of a batch that found no room; the disk counts as full until it would.
  private(set) var refused = ByteCount.zero
  /// The checkpoint whose freed journal files have been looked for.
  var freedBehind = JournalSequence.start
  var isMeasuring = false

  /// What must stay free: the ballast, or as much again.
  var reserve: ByteCount {
    guard let last else { return .zero }
    return min(Ballast.maximumSize, ByteCount(last.total.value / 100))
  }

  /// A measurement begins while `waiting` bytes are decided and perhaps not written.
  mutating func begin(waiting: ByteCount, journalMade made: ByteCount, now: Instant) {
    measuredAt = now
    journalMadeAnew = made
    isMeasuring = true
    acceptedAnew = waiting
  }

  mutating func accept(_ bytes: ByteCount) {
    accepted += bytes
    acceptedAnew += bytes
  }

  /// A batch of `bytes` found no room. Of a very large one `limit` counts: that it does not fit must not keep out others.
  mutating func refuse(_ bytes: ByteCount, limit: ByteCount) { refused = min(bytes, limit) }

  mutating func measured(_ space: VolumeSpace) {
    last = space
    accepted = acceptedAnew
    journalMade = journalMadeAnew
    isMeasuring = false
  }
}

extension LogStore {
  /// How long a full disk is left alone before the next attempt.
  static let retryMs: Int64 = 500
  private static let measureMs: Int64 = 1_000

  /// The room on the volume as last measured.
  package var volume: VolumeSpace? { space.last }

  /// Whether the disk is too full for more batches: a write or a checkpoint found no room, or the reserve is reached.
  /// Deletions are still decided.
  package var isFull: Bool {
    commits.isRetrying || checkpoints.retryAt != nil || !hasRoom(for: space.refused)
  }

  /// Whether a batch of `bytes` leaves the reserve alone, with all that is decided before it: it goes to its segment, and
  /// to the journal, which may need new files for it. What was decided cannot be taken back, and a group without room
  /// would keep deletions behind it from making some.
  package func hasRoom(for bytes: ByteCount) -> Bool {
    guard let last = space.last else { return true }
    let madeSince = commits.room.made - space.journalMade
    let needed = space.accepted + bytes + madeSince + newJournalBytes(for: commits.waitingBytes + bytes)
    return last.available.value - needed.value > space.reserve.value
  }

  /// The size of the files that the journal has to make before it can take `bytes`.
  private func newJournalBytes(for bytes: ByteCount) -> ByteCount {
    // A file's end is left unused when a group does not fit there any more.
    let wanted = bytes.value + 2 * options.groupBytes.value
    let missing = wanted - commits.room.spare.value
    guard missing > 0 else { return .zero }
    let size = max(options.journalFileBytes.value, 1)
    return ByteCount((missing + size - 1) / size * size)
  }

  /// When `timePassed` has something to do.
  package var nextDeadline: Instant {
    var next = Instant.distantFuture
    if !space.isMeasuring { next = space.measuredAt.map { $0.advanced(byMs: Self.measureMs) } ?? clock.now() }
    if let retry = commits.retryAt { next = min(next, retry) }
    if let retry = checkpoints.retryAt, !isCheckpointing { next = min(next, retry) }
    return next
  }

  /// Measures the volume now and then, and tries again what found the disk full.
  package func timePassed() {
    let now = clock.now()
    if !space.isMeasuring, space.measuredAt.map({ $0.advanced(byMs: Self.measureMs) <= now }) ?? true {
      space.begin(waiting: commits.waitingBytes, journalMade: commits.room.made, now: now)
      lanes.submit(.measureSpace(ballast: space.reserve))
    }
    if let retry = commits.retryAt, retry <= now {
      commits.retryAt = nil
      commitAgain()
    }
    checkpointForRoom(now)
  }
}
