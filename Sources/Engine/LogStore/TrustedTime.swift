import ByteCodec
import Machine
package import Units

/// The wall clock as far as it can be believed: what is deleted by age must not go because somebody set the clock.
///
/// As long as the wall clock moves with the machine's own count of time, give or take an hour in a day, it is followed.
/// After a larger jump, or many small ones, time goes on from where it was, until the clock comes back or has stood by its
/// new time for a day. A start goes on from the last time that the folder knows; it cannot know how long the server was
/// down, and believes a clock that is up to a day later.
package struct TrustedTime: Sendable {
  /// A jump larger than this is not believed at once, nor are smaller ones that come to more in a day.
  package static let toleranceMs: Int64 = 3_600_000
  /// A jump that has lasted so long is.
  package static let confirmationMs: Int64 = 24 * 3_600_000

  private var now: Reading
  /// When that was, by the machine's own count.
  private var moment: Instant
  /// Where the small jumps that are followed are counted from.
  private var anchor: Anchor
  /// How much further than that count the wall clock may have gone: a start does not know how long it was down.
  private var aheadMs: Int64 = 0
  private var doubt: Doubt?

  private struct Anchor {
    var time: Timestamp
    var moment: Instant

    /// How far a clock that shows `wall` at `moment` has drifted from the machine's own count.
    func drift(_ wall: Timestamp, _ moment: Instant) -> Int64 {
      wall.milliseconds.subtracted(time.advanced(byMs: self.moment.milliseconds(until: moment)).milliseconds)
    }
  }

  fileprivate struct Doubt {
    /// How far off the wall clock was when it was first read so.
    var jumpMs: Int64
    /// When it was first about so far off.
    var since: Instant
    /// As an earlier run left it: the server may have been down for up to `longestPauseMs` since.
    var isOfEarlierRun = false
    static let longestPauseMs: Int64 = 28 * 24 * 3_600_000
  }

  /// What is known of the time at one moment.
  package struct Reading: Equatable, Sendable {
    /// What the wall clock shows while it is believed, or should show: to compare with the times that records carry.
    package var time: Timestamp
    /// The same without the jumps that were believed: for what is written down to ask its age later.
    package var steady: Timestamp
    /// How far the wall clock is off `time`; nil while it is believed. Until then no record should be deleted by age.
    package var doubtedMs: Int64?

    package var isInDoubt: Bool { doubtedMs != nil }

    /// A wall clock that has never jumped.
    package init(_ time: Timestamp) {
      self.time = time
      steady = time
    }

    fileprivate func later(byMs milliseconds: Int64) -> Reading {
      var reading = self
      reading.time = time.advanced(byMs: milliseconds)
      reading.steady = steady.advanced(byMs: milliseconds)
      return reading
    }
  }

  /// Believes the wall clock as it is now.
  package init(wall: Timestamp, at moment: Instant) {
    now = Reading(wall)
    self.moment = moment
    anchor = Anchor(time: wall, moment: moment)
  }

  /// The time, as the wall clock shows `wall` and the machine's own count is at `moment`.
  package mutating func read(wall: Timestamp, at moment: Instant) -> Reading {
    let passed = max(moment.nanoseconds &- self.moment.nanoseconds, 0) / 1_000_000
    var expected = now.later(byMs: passed)
    let jump = wall.milliseconds.subtracted(expected.time.milliseconds)
    #if PLANTED_BUGS
      if PlantedBug.is(.jumpBelieved) { return believe(expected.later(byMs: jump), moment, anew: true) }
    #endif
    if jump.magnitude <= Self.toleranceMs, anchor.drift(wall, moment).magnitude <= Self.toleranceMs {
      // The first time that a start believes has the length of its pause in it.
      let isNew = aheadMs > 0 || moment >= anchor.moment.advanced(byMs: Self.confirmationMs)
      return believe(expected.later(byMs: jump), moment, anew: isNew)
    }
    let standing = doubt.flatMap { $0.goesOn(jump) ? $0 : nil }
    if standing == nil, jump >= 0, jump <= aheadMs { return believe(expected.later(byMs: jump), moment, anew: true) }
    // A clock that jumps again begins its day anew: it has not stood by this time yet.
    let since = standing?.since ?? moment
    if moment >= since.advanced(byMs: Self.confirmationMs) {
      expected.time = wall
      return believe(expected, moment, anew: true)
    }
    if standing == nil || standing?.isOfEarlierRun == true { doubt = Doubt(jumpMs: jump, since: since) }
    expected.doubtedMs = jump
    return expected
  }

  /// `anew`: jumps are counted from here on.
  private mutating func believe(_ reading: Reading, _ moment: Instant, anew: Bool) -> Reading {
    now = reading
    self.moment = moment
    if anew { anchor = Anchor(time: reading.time, moment: moment) }
    aheadMs = 0
    doubt = nil
    return reading
  }
}

extension TrustedTime.Doubt {
  /// Whether a clock that is off by `jump` may be the one that was in doubt, gone on.
  func goesOn(_ jump: Int64) -> Bool {
    let further = jump.subtracted(jumpMs)
    let reach = isOfEarlierRun && (jump < 0) == (jumpMs < 0) ? Self.longestPauseMs : TrustedTime.toleranceMs
    return further >= -TrustedTime.toleranceMs && further <= reach
  }
}

// MARK: In checkpoints

extension TrustedTime {
  /// The attachment's name, and the form of its content: time and steady time, how far the wall clock was off, and for how
  /// long by then, each in milliseconds.
  static let attachmentName = "clock"
  private static let attachmentVersion: UInt16 = 1

  /// Goes on from the time that a checkpoint kept; believes the clock where it kept none.
  init(_ attachments: [CheckpointAttachment], _ clock: any Clock) {
    let moment = clock.sinceBoot()
    self.init(wall: clock.wallClock(), at: moment)
    #if PLANTED_BUGS
      if PlantedBug.is(.startBelieved) { return }
    #endif
    guard let kept = attachments.first(where: { $0.name == Self.attachmentName }),
      kept.version == Self.attachmentVersion
    else { return }
    var reader = ByteReader(kept.content)
    guard let time = try? reader.readInt64(), let steady = try? reader.readInt64(),
      let jumpMs = try? reader.readInt64(),
      let stoodMs = try? reader.readInt64()
    else { return }
    now.time = Timestamp(milliseconds: time)
    now.steady = Timestamp(milliseconds: steady)
    anchor.time = now.time
    aheadMs = Self.confirmationMs
    guard jumpMs != 0 else { return }
    let since = moment.advanced(byMs: -min(max(stoodMs, 0), Self.confirmationMs))
    doubt = Doubt(jumpMs: jumpMs, since: since, isOfEarlierRun: true)
  }

  /// The journal has something that was written at `steady`, behind the checkpoint.
  mutating func wentOn(to steady: Timestamp) {
    now = now.later(byMs: max(steady.milliseconds.subtracted(now.steady.milliseconds), 0))
    anchor.time = now.time
  }

  /// What the next start goes on from.
  mutating func kept(_ clock: any Clock) -> CheckpointAttachment {
    let moment = clock.sinceBoot()
    let reading = read(wall: clock.wallClock(), at: moment)
    var content = ByteWriter(capacity: 32)
    content.writeInt64(reading.time.milliseconds)
    content.writeInt64(reading.steady.milliseconds)
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
  /// The time, and whether the wall clock is in doubt.
  package func trustedNow() -> TrustedTime.Reading {
    trustedTime.read(wall: clock.wallClock(), at: clock.sinceBoot())
  }
}
