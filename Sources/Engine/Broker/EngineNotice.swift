package import Machine
package import Units

/// Something that whoever runs the node should know.
package enum EngineNotice: Equatable, Sendable, CustomStringConvertible {
  /// The volume has crossed a step, up or down.
  case volumeLevel(DiskAlarm.Level, VolumeSpace)
  /// Writes are refused from now on.
  case diskFull(VolumeSpace?)
  /// Writes are accepted again.
  case diskHasRoom
  /// The wall clock shows another time than it should, by so many milliseconds.
  case clockInDoubt(offMs: Int64)
  /// The wall clock is believed again.
  case clockBelieved
  /// Groups take four fifths of the bytes that they may, or less again.
  case groupsAreShort(held: Int, limit: Int)
  case groupsHaveRoom
  /// The same of transactional ids.
  case transactionsAreShort(held: Int, limit: Int)
  case transactionsHaveRoom
  /// Offsets of a partition whose bytes are not what was written.
  case damaged(topic: String, partition: Int32, first: Offset, last: Offset, reason: String, folder: String)

  package var description: String {
    switch self {
    case .volumeLevel(.none, let space):
      "disk alarm over: \(Self.text(space))"
    case .volumeLevel(let level, let space):
      "disk alarm, \(level): \(Self.text(space)), at \(Int(level.percent)) % or more; shorten retention, delete topics "
        + "or records, or make the volume larger"
    case .diskFull(let space):
      "the disk is full\(space.map { " (\($0.available.value) bytes are free)" } ?? ""): writes are refused with an error "
        + "that clients retry, reads and deletes go on; delete topics or records, or make the volume larger"
    case .diskHasRoom:
      "the disk has room again: writes are accepted"
    case .clockInDoubt(let offMs):
      "the wall clock is \(Self.text(milliseconds: offMs.magnitude)) \(offMs < 0 ? "behind" : "ahead of") what it should "
        + "show, by the last checkpoint and the time gone by since: nothing is deleted by age until it is right again, or "
        + "has stood by its time for a day"
    case .clockBelieved:
      "the wall clock is believed again"
    case .groupsAreShort(let held, let limit):
      "groups take \(held) of the \(limit) bytes that they may: new ones are told to come back later, those there are go on; "
        + "delete groups or their offsets, or raise memory.limit"
    case .groupsHaveRoom:
      "there is room for new groups again"
    case .transactionsAreShort(let held, let limit):
      "transactional ids take \(held) of the \(limit) bytes that they may: those that are idle for longest are forgotten "
        + "before transactional.id.expiration.ms; raise memory.limit"
    case .transactionsHaveRoom:
      "there is room for new transactional ids again"
    case .damaged(let topic, let partition, let first, let last, let reason, let folder):
      "damage found in topic \(topic), partition \(partition), offsets \(first.value) to \(last.value): \(reason). They "
        + "are refused to readers, all others are served. Stop the server, then see `millrace repair \(folder) "
        + "--dry-run`; to give them up: `millrace repair \(folder) --accept-loss "
        + "\(topic)/\(partition):\(first.value)-\(last.value)`"
    }
  }

  private static func text(milliseconds: UInt64) -> String {
    let hours = milliseconds / 3_600_000
    return hours < 48 ? "\(hours) hours" : "\(hours / 24) days"
  }

  private static func text(_ space: VolumeSpace) -> String {
    let tenths = Int((DiskAlarm.percentUsed(space) * 10).rounded())
    return "the volume of the data folder is \(tenths / 10).\(tenths % 10) % full, \(space.available.value) of "
      + "\(space.total.value) bytes are free"
  }
}
