import ByteCodec
import Machine
package import Units

/// The wall clock as far as it can be believed: what is deleted by age must not go because somebody set the clock.
///
/// As long as the wall clock moves with the monotonic one, give or take an hour, it is followed. After a larger jump time
/// goes on from where it was, until the clock comes back or has stood by its new time for a day. A start goes on from the
/// time that the last checkpoint kept; it cannot know how long the server was down, and believes a clock that is up to a
/// day later. So what waits for a day in doubt waits no longer than the server was down.
package struct TrustedTime: Sendable {
  /// A jump larger than this is not believed at once.
  package static let toleranceMs: Int64 = 3_600_000
  /// A jump that has lasted so long is.
  package static let confirmationMs: Int64 = 24 * 3_600_000

  private var time: Timestamp
  private var monotonic: Instant
  /// How much further than the monotonic clock the wall clock may have gone.
  private var aheadMs = Self.toleranceMs
  private var doubt: Doubt?

  private struct Doubt {
    /// How far off the wall clock was when it was read last.
    let jumpMs: Int64
    /// When it was first about so far off.
    let since: Instant
  }

  /// What is known of the time at one moment.
  package struct Reading: Equatable, Sendable {
    /// To go by where age decides: the wall clock, or what it should show.
    package let time: Timestamp
    /// How far the wall clock is off that; nil while it is believed. Until then nothing should be deleted by age.
    package let doubtedMs: Int64?

    package var isInDoubt: Bool { doubtedMs != nil }
    /// To write down as the time of something that is kept for a while: of the two times the later one, so that it is not
    /// too old at once when the wall clock is believed.
    package var stamp: Timestamp { time.advanced(byMs: max(doubtedMs ?? 0, 0)) }

    package init(time: Timestamp, doubtedMs: Int64?) {
      self.time = time
      self.doubtedMs = doubtedMs
    }
  }

  /// Believes the wall clock as it is now.
  package init(wall: Timestamp, monotonic: Instant) {
    time = wall
    self.monotonic = monotonic
  }

  package mutating func read(wall now: Timestamp, monotonic moment: Instant) -> Reading {
    let passed = max(moment.nanoseconds &- monotonic.nanoseconds, 0) / 1_000_000
    let expected = time.advanced(byMs: passed)
    let jump = now.milliseconds.subtracted(expected.milliseconds)
    #if PLANTED_BUGS
      if PlantedBug.is(.jumpBelieved) { return believe(now, moment) }
    #endif
    if isWithinReach(jump) { return believe(now, moment) }
    // A clock that jumps again begins anew: it has not stood by this time yet.
    let standing = doubt.flatMap { isWithinReach(jump.subtracted($0.jumpMs)) ? $0.since : nil }
    let since = standing ?? moment
    if moment >= since.advanced(byMs: Self.confirmationMs) { return believe(now, moment) }
    doubt = Doubt(jumpMs: jump, since: since)
    return Reading(time: expected, doubtedMs: jump)
  }

  private func isWithinReach(_ jump: Int64) -> Bool { jump >= -Self.toleranceMs && jump <= aheadMs }

  private mutating func believe(_ now: Timestamp, _ moment: Instant) -> Reading {
    time = now
    monotonic = moment
    aheadMs = Self.toleranceMs
    doubt = nil
    return Reading(time: now, doubtedMs: nil)
  }
}

// MARK: In checkpoints

extension TrustedTime {
  /// The attachment's name, and the form of its content: the time, how far the wall clock was off it, and for how long by
  /// then, each in milliseconds.
  static let attachmentName = "clock"
  private static let attachmentVersion: UInt16 = 1

  /// Goes on from the time that a checkpoint kept; believes the clock where it kept none.
  init(_ attachments: [CheckpointAttachment], _ clock: any Clock) {
    let moment = clock.now()
    self.init(wall: clock.wallClock(), monotonic: moment)
    #if PLANTED_BUGS
      if PlantedBug.is(.startBelieved) { return }
    #endif
    guard let kept = attachments.first(where: { $0.name == Self.attachmentName }),
      kept.version == Self.attachmentVersion
    else { return }
    var reader = ByteReader(kept.content)
    guard let time = try? reader.readInt64(), let jumpMs = try? reader.readInt64(),
      let stoodMs = try? reader.readInt64()
    else { return }
    self.time = Timestamp(milliseconds: time)
    aheadMs = Self.confirmationMs
    guard jumpMs != 0 else { return }
    doubt = Doubt(jumpMs: jumpMs, since: moment.advanced(byMs: -min(max(stoodMs, 0), Self.confirmationMs)))
  }

  /// What the next start goes on from.
  mutating func kept(_ clock: any Clock) -> CheckpointAttachment {
    let moment = clock.now()
    let reading = read(wall: clock.wallClock(), monotonic: moment)
    var content = ByteWriter(capacity: 24)
    content.writeInt64(reading.time.milliseconds)
    content.writeInt64(doubt?.jumpMs ?? 0)
    content.writeInt64(doubt?.since.milliseconds(until: moment) ?? 0)
    return CheckpointAttachment(
      name: Self.attachmentName, version: Self.attachmentVersion, content: content.takeSlice())
  }
}

extension [CheckpointAttachment] {
  /// Those of others.
  var withoutTime: Self { filter { $0.name != TrustedTime.attachmentName } }
}

extension LogStore {
  /// The time to go by where age decides, and whether the wall clock is in doubt.
  package func trustedNow() -> TrustedTime.Reading {
    trustedTime.read(wall: clock.wallClock(), monotonic: clock.now())
  }
}
