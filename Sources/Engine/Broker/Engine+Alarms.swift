import Coordination
import LogStore

/// What has been told of the disk.
struct DiskWatch {
  var alarm = DiskAlarm()
  var isFull = false
}

/// Whether something is known to be near its limit.
struct RoomWatch {
  private var isShort = false

  /// Whether it is short from now on, from four fifths of the limit on, or is so no more, below two thirds; nil where that
  /// has not changed.
  mutating func observe(held: Int, limit: Int) -> Bool? {
    let now = held > limit - limit / (isShort ? 3 : 5)
    guard now != isShort else { return nil }
    isShort = now
    return now
  }
}

extension Engine {
  /// How full the volume is, in steps.
  package var diskLevel: DiskAlarm.Level { diskWatch.alarm.level }

  /// Tells what has changed about the room on the volume; called after every job of a lane.
  func watchDisk() {
    if let space = store.volume, let level = diskWatch.alarm.observe(space) {
      observer?.engineNoticed(.volumeLevel(level, space))
    }
    let isFull = store.isFull
    guard isFull != diskWatch.isFull else { return }
    diskWatch.isFull = isFull
    observer?.engineNoticed(isFull ? .diskFull(store.volume) : .diskHasRoom)
  }

  /// Tells when groups or transactional ids come near what they may take, and when they have room again; called after
  /// every job of a lane.
  func watchCoordinators() {
    let groups = (coordinators.groups.heldBytes, coordinators.groups.limitBytes)
    if let isShort = groupRoom.observe(held: groups.0, limit: groups.1) {
      observer?.engineNoticed(isShort ? .groupsAreShort(held: groups.0, limit: groups.1) : .groupsHaveRoom)
    }
    let ids = (coordinators.transactions.heldBytes, coordinators.transactions.limitBytes)
    if let isShort = transactionRoom.observe(held: ids.0, limit: ids.1) {
      observer?.engineNoticed(isShort ? .transactionsAreShort(held: ids.0, limit: ids.1) : .transactionsHaveRoom)
    }
  }

  /// Tells when the wall clock comes to be in doubt, and when it is believed again; called with each turn of retention.
  func watchClock(_ reading: TrustedTime.Reading) {
    guard reading.isInDoubt != isClockInDoubt else { return }
    isClockInDoubt = reading.isInDoubt
    observer?.engineNoticed(reading.doubtedMs.map { .clockInDoubt(offMs: $0) } ?? .clockBelieved)
  }
}
