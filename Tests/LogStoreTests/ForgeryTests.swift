import ByteCodec
import LogStore
import SimMachine
import Testing
import Units

/// Records whose content is a frame of the journal, made by somebody who knows everything but the folder's salt.
@Suite struct ForgeryTests {
  /// A witness that says that far more was acknowledged than was ever written.
  private func forged(_ salt: JournalSalt) -> [UInt8] {
    var header = JournalFrameHeader(
      kind: .witness, endsUnit: true, incarnation: Incarnation(use: 1_000, random: 5), sequence: JournalSequence(1_000),
      unit: 1_000, durable: JournalSequence(999), payloadLength: 0, payloadCRC: Checksum.crc32c(ByteSlice.empty),
      chain: 0)
    var writer = ByteWriter()
    header.encode(to: &writer, salt: salt)
    return writer.takeSlice().copy()
  }

  /// Appends a record that is the forged frame, as a frame would lie, then one that the cut tears. Answers how many were
  /// acknowledged, and what the cut left.
  private func cut(_ frame: [UInt8], inStep step: Int, _ seed: UInt64, on disk: SimDisk) throws -> (Int64, SimDisk)? {
    let log = try TestLog(disk)
    let key = log.makeTopic()
    try log.append(Forge.batch(content: [0, 0, 0] + frame), to: key)
    log.settle()
    let journal = try #require(disk.contents("journal/0.journal"))
    let lies = stride(from: 0, through: journal.count - frame.count, by: 8).contains {
      Array(journal[$0..<$0 + frame.count]) == frame
    }
    #expect(lies)
    disk.cutPower(inStep: step)
    try log.append(Forge.batch(payload: 9_000), to: key)
    log.settle()
    guard disk.isCut else { return nil }
    return (try #require(log.store.partition(key)).durable.end.value, disk.afterCrash(.seeded(seed)))
  }

  @Test(arguments: [0, 0x0123_4567_89AB_CDEF] as [UInt64])
  func aRecordThatIsAFrameIsARecord(_ salt: UInt64) throws {
    let frame = forged(JournalSalt(value: salt))
    for step in 1... {
      for seed in 1...8 as ClosedRange<UInt64> {
        guard let (acknowledged, disk) = try cut(frame, inStep: step, seed, on: SimDisk(.init(seed: seed))) else {
          #expect(step > 2)
          return
        }
        let found = try TestLog(disk)
        let key = PartitionKey(topic: UniqueID(high: 0, low: 1), index: 0)
        let kept = try #require(found.store.partition(key)).durable.end.value
        #expect(kept >= max(acknowledged, 1))
        #expect(try found.bases(key) == Array(0..<kept))
      }
    }
  }

  /// What the salt is for: with it, the same record is believed.
  @Test func whoeverKnewTheSaltWouldBeBelieved() throws {
    let disk = SimDisk()
    let log = try TestLog(disk)
    let key = log.makeTopic()
    log.settle()
    let salt = try FolderReading(disk).checkpoint.salt
    try log.append(Forge.batch(content: [0, 0, 0] + forged(salt)), to: key)
    log.settle()
    #expect(throws: RecoveryFailure.self) { try TestLog(disk.afterCrash(.worst)) }
  }

  @Test func everyFolderHasItsOwnSaltAndKeepsIt() throws {
    let disk = SimDisk()
    let log = try TestLog(disk, seed: 1)
    let salt = try FolderReading(disk).checkpoint.salt
    log.checkpoint()
    let again = try TestLog(disk.afterCrash(.worst), seed: 2)
    #expect(try FolderReading(again.disk).checkpoint.salt == salt)
    let other = SimDisk()
    _ = try TestLog(other, seed: 2)
    #expect(try FolderReading(other).checkpoint.salt != salt)
  }
}
