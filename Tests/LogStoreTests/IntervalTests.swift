import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

/// `durability=interval`: acknowledged when written, and synced now and then.
@Suite struct IntervalTests {
  private func unsyncedLog(_ disk: SimDisk) throws -> (TestLog, PartitionKey) {
    let log = try TestLog(disk) { $0.syncInterval = LogStore.SyncInterval(milliseconds: 1_000) }
    let key = log.makeTopic()
    log.settle()
    return (log, key)
  }

  private func appendUnsynced(_ log: TestLog, _ key: PartitionKey) throws {
    let partition = try #require(log.store.partition(key))
    let bytes = Forge.batch(payload: 20_000)
    _ = log.store.append(
      bytes, header: try RecordBatchHeader(bytes.bytes), to: partition,
      rules: AppendRules(roll: log.rules, syncs: false))
    log.settle()
  }

  /// Writing went on in the next journal file before a sync: that sync covers both files, or a power cut could take
  /// acknowledged frames from the middle, and the start would have to be refused.
  @Test func aSyncCoversTheJournalFileThatWasLeft() throws {
    let disk = SimDisk()
    let (log, key) = try unsyncedLog(disk)
    while disk.contents("journal/1.journal") == nil { try appendUnsynced(log, key) }
    let end = try #require(log.store.partition(key)?.durable.end)
    _ = log.makeTopic("another", id: 2)
    log.settle()
    for fate in [.worst, .seeded(1), .seeded(2), .seeded(3)] as [CrashFate] {
      let found = try TestLog(disk.afterCrash(fate))
      #expect(found.store.partition(key)?.durable.end == end)
    }
  }

  @Test func aPowerCutTakesASuffixAndAKilledProcessNothing() throws {
    let disk = SimDisk()
    let (log, key) = try unsyncedLog(disk)
    for _ in 0..<3 { try appendUnsynced(log, key) }
    let end = try #require(log.store.partition(key)?.durable.end.value)
    #expect(try TestLog(disk.afterCrash(.best)).store.partition(key)?.durable.end.value == end)
    #expect(try TestLog(disk.afterCrash(.worst)).store.partition(key)?.durable.end.value == 0)
    for seed in 0..<40 as Range<UInt64> {
      let found = try TestLog(disk.afterCrash(.seeded(seed)))
      let kept = try #require(found.store.partition(key)?.durable.end.value)
      #expect(kept <= end)
      #expect(try found.bases(key) == Array(0..<kept))
    }
  }
}
