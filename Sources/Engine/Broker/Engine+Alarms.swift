import LogStore

/// What has been told of the disk.
struct DiskWatch {
  var alarm = DiskAlarm()
  var isFull = false
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

  /// Tells when the wall clock comes to be in doubt, and when it is believed again; called with each turn of retention.
  func watchClock(_ reading: TrustedTime.Reading) {
    guard reading.isInDoubt != isClockInDoubt else { return }
    isClockInDoubt = reading.isInDoubt
    observer?.engineNoticed(reading.doubtedMs.map { .clockInDoubt(offMs: $0) } ?? .clockBelieved)
  }
}
