import ByteCodec
import LogStore
import SimMachine
import Testing
import Units

/// The journal is read through windows, and frames lie across their edges; or it is held as a whole.
@Suite struct JournalWindowTests {
  @Test(arguments: [ByteCount.mebi(1), .mebi(64)])
  func framesOfAnySizeComeBackAcrossWindows(replayBytes: ByteCount) throws {
    let log = try TestLog(SimDisk())
    log.rules = RollRules(segmentBytes: .mebi(64))
    let key = log.makeTopic()
    // Below, about and above a window, and all larger than a file of the journal.
    let sizes = [70_000, 3 << 20, 4 << 20, (4 << 20) + 13, 9 << 20, 1]
    for (number, size) in sizes.enumerated() {
      try log.append(Forge.batch(payload: size, fill: UInt8(number)), to: key)
      log.settle()
    }
    let found = try TestLog(log.disk.afterCrash(.worst)) { $0.replayBytes = replayBytes }
    #expect(found.store.report.replayedFrames == sizes.count + 2)
    #expect(try found.bases(key, maxBytes: 64 << 20) == Array(0..<Int64(sizes.count)))
  }

  @Test(arguments: [ByteCount.mebi(1), .mebi(64)])
  func manySmallFramesComeBackAcrossWindows(replayBytes: ByteCount) throws {
    let log = try TestLog(SimDisk())
    log.rules = RollRules(segmentBytes: .mebi(64))
    let keys = [log.makeTopic(), log.makeTopic("u", id: 2)]
    let count: Int64 = 12_000
    for number in 0..<count {
      for key in keys { try log.append(Forge.batch(payload: 100 + Int(number % 97)), to: key) }
      if number % 500 == 0 { log.settle() }
    }
    log.settle()
    let found = try TestLog(log.disk.afterCrash(.worst)) { $0.replayBytes = replayBytes }
    for key in keys {
      #expect(found.store.partition(key)?.durable.end.value == count)
      #expect(try found.bases(key, from: count - 5_000, maxBytes: 64 << 20)?.count == 5_000)
      let path = "\(key.folder)/00000000000000000000.log"
      #expect(found.disk.contents(path) == log.disk.contents(path))
    }
  }
}
