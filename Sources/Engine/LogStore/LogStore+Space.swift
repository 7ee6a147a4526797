package import Machine
package import Units

/// What is known of the room on the volume.
struct SpaceWatch {
  var measuredAt: Instant?
  /// Batches accepted since the last measurement.
  var accepted = ByteCount.zero
  private(set) var last: VolumeSpace?
  var isMeasuring = false

  /// What must stay free: the ballast, or as much again.
  var reserve: ByteCount {
    guard let last else { return .zero }
    return min(Ballast.maximumSize, ByteCount(last.total.value / 100))
  }

  mutating func measured(_ space: VolumeSpace) {
    last = space
    accepted = .zero
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
    commits.retryAt != nil || checkpoints.retryAt != nil || !hasRoom(for: .zero)
  }

  /// Whether a batch of `bytes` leaves the reserve alone; it goes to the journal and to its segment.
  package func hasRoom(for bytes: ByteCount) -> Bool {
    guard let last = space.last else { return true }
    return last.available.value - 2 * (space.accepted.value + bytes.value) > space.reserve.value
  }

  /// When `timePassed` has something to do.
  package var nextDeadline: Instant {
    var next = space.measuredAt.map { $0.advanced(byMs: Self.measureMs) } ?? clock.now()
    if let retry = commits.retryAt { next = min(next, retry) }
    if let retry = checkpoints.retryAt, !isCheckpointing { next = min(next, retry) }
    return next
  }

  /// Measures the volume now and then, and tries again what found the disk full.
  package func timePassed() {
    let now = clock.now()
    if !space.isMeasuring, space.measuredAt.map({ $0.advanced(byMs: Self.measureMs) <= now }) ?? true {
      space.measuredAt = now
      space.isMeasuring = true
      lanes.submit(.measureSpace(ballast: space.reserve))
    }
    if let retry = commits.retryAt, retry <= now {
      commits.retryAt = nil
      flush()
    }
    checkpointForRoom(now)
  }
}
