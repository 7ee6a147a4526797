import LogStore
import SimMachine
import Testing
import Units

/// A journal that grows because its checkpoint does not come to an end.
@Suite struct PressureTests {
  private func isNoCheckpoint(_ job: LogJob) -> Bool {
    if case .checkpoint = job { false } else { true }
  }

  @Test func producersAreSlowedAndThenWaitAndNeverFail() throws {
    let cap = ByteCount.kibi(512)
    let log = try TestLog(SimDisk()) { options in
      options.checkpointBytes = .kibi(96)
      options.journalCap = cap
    }
    let key = log.makeTopic()
    var pauses: [(share: Double, pause: Int64)] = []
    while log.store.admits, pauses.count < 200 {
      guard case .stored = try log.append(Forge.batch(payload: 8_000), to: key) else {
        Issue.record("a batch was refused")
        return
      }
      log.store.flush()
      while log.runOne(where: isNoCheckpoint) != nil {}
      pauses.append((Double(log.store.journalInUse.value) / Double(cap.value), log.store.producerPauseMs))
    }
    #expect(log.store.isCheckpointing)
    #expect(!log.store.admits && log.store.journalInUse >= cap && !log.store.isFull)
    for (share, pause) in pauses {
      #expect(share < 0.75 ? pause == 0 : (1...1_000).contains(pause), "\(pause) ms at \(share)")
    }
    #expect(log.store.admitsSmall, "small requests have room where large ones wait")
    #expect(log.store.producerPauseMs(after: 1 << 20) == 1_000 && log.store.producerPauseMs(after: 1_000) < 10)
    while log.store.admitsSmall {
      try log.append(Forge.batch(payload: 8_000), to: key)
      log.store.flush()
      while log.runOne(where: isNoCheckpoint) != nil {}
    }
    #expect(log.store.journalInUse <= cap + ByteCount(cap.value / 8) + .kibi(16))
    let slowed = pauses.map(\.pause).filter { $0 > 0 }
    #expect(slowed.count > 5 && slowed == slowed.sorted() && slowed.last == 1_000)

    log.settle()
    #expect(log.store.admits)
    // The next commit begins the checkpoint of what was written meanwhile.
    log.store.submitWitness()
    log.settle()
    #expect(log.store.producerPauseMs == 0)
    #expect(log.store.journalInUse < .kibi(128))
    #expect(try log.bases(key)?.isEmpty == false)
  }

  @Test func aCheckpointBeginsAtItsSizeAndNotBefore() throws {
    let log = try TestLog(SimDisk()) { $0.checkpointBytes = .kibi(96) }
    let key = log.makeTopic()
    while log.store.journalInUse < .kibi(80) {
      try log.append(Forge.batch(payload: 8_000), to: key)
      log.store.flush()
      while log.runOne(where: isNoCheckpoint) != nil {}
      #expect(!log.store.isCheckpointing)
    }
    for _ in 0..<3 {
      try log.append(Forge.batch(payload: 8_000), to: key)
      log.store.flush()
      while log.runOne(where: isNoCheckpoint) != nil {}
    }
    #expect(log.store.isCheckpointing)
  }
}
