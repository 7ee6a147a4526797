import ByteCodec
import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct OrphanTests {
  private static let stray = "data/00000000000000000000000000000009-0"

  /// A node with three records, and beside them files that nothing refers to.
  private func crashed() throws -> (SimDisk, PartitionKey) {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    for _ in 0..<3 { try log.append(Forge.batch(), to: key) }
    log.settle()
    let disk = log.disk.afterCrash(.best)
    try put("\(key.folder)/00000000000000000007.log", 100, on: disk)
    try put("\(key.folder)/00000000000000000007.blocks", 48, on: disk)
    try disk.makeDirectory(Self.stray)
    try disk.syncDirectory("data")
    try put("\(Self.stray)/00000000000000000000.log", 200, on: disk)
    return (disk, key)
  }

  private func put(_ path: String, _ count: Int, on disk: SimDisk) throws {
    let file = try disk.open(path, .create)
    try file.write([ByteSlice(copying: [UInt8](repeating: 5, count: count))], at: FilePosition(0))
    try file.sync()
    let folder = try #require(path.lastIndex(of: "/"))
    try disk.syncDirectory(String(path[..<folder]))
  }

  @Test func whatNothingRefersToIsMovedAndSaid() throws {
    let (disk, key) = try crashed()
    let found = try TestLog(disk)
    let epoch = found.store.epoch
    let folder = key.folder.dropFirst("data/".count)
    #expect(
      found.store.report.orphans.moved
        == [
          Self.stray, "\(key.folder)/00000000000000000007.blocks", "\(key.folder)/00000000000000000007.log",
        ].sorted())
    #expect(disk.contents("orphans/\(epoch)@\(folder)@00000000000000000007.log")?.count == 100)
    #expect(disk.contents("orphans/\(epoch)@\(Self.stray.dropFirst(5))/00000000000000000000.log")?.count == 200)
    #expect(found.store.report.lines.last?.contains("00000000000000000007.log") ?? false)
    #expect(try found.bases(key) == [0, 1, 2])
    #expect(try Orphans.find(on: disk, state: found.store.state, doomed: []).isEmpty)
    // They outlive the next cut, and the next start finds no more.
    let again = try TestLog(disk.afterCrash(.worst))
    #expect(again.store.report.orphans.lines.isEmpty)
    #expect(again.disk.contents("orphans/\(epoch)@\(folder)@00000000000000000007.log")?.count == 100)
  }

  @Test func aCutAtAnyStepLosesNeitherRecordsNorOrphans() throws {
    for step in 1... {
      let (disk, key) = try crashed()
      disk.cutPower(inStep: step)
      _ = try? TestLog(disk)
      if !disk.isCut { break }
      for fate in [.worst, .best, .seeded(UInt64(step), names: .ordered)] as [CrashFate] {
        let found = try TestLog(disk.afterCrash(fate))
        #expect(try found.bases(key) == [0, 1, 2])
        #expect(try Orphans.find(on: found.disk, state: found.store.state, doomed: []).isEmpty)
        let sizes = found.disk.paths.filter { $0.hasPrefix("orphans/") }.map { found.disk.contents($0)?.count ?? 0 }
        #expect(Set(sizes).isSuperset(of: [48, 100, 200]), "step \(step)")
      }
    }
  }

  @Test func aFullDiskKeepsNobodyFromStarting() throws {
    let (disk, key) = try crashed()
    disk.plan(SimFault(.makeDirectory, on: .under("orphans"), code: 28))
    let found = try TestLog(disk)
    #expect(found.store.report.orphans.failures.count == 1)
    #expect(found.store.report.lines.last?.contains("stay where they are") ?? false)
    #expect(try found.bases(key) == [0, 1, 2])
  }

  @Test func orphansOfEarlierStartsGoWhenThereAreTooMany() throws {
    let (disk, _) = try crashed()
    try disk.makeDirectory("orphans")
    for number in 0..<Orphans.countLimit { try put("orphans/0@\(1_000 + number)", 1, on: disk) }
    try put("orphans/notes", 1, on: disk)
    let report = try TestLog(disk).store.report.orphans
    #expect(report.moved.count == 3)
    #expect(report.removed == (0..<4).map { "orphans/0@\(1_000 + $0)" })
    #expect(disk.contents("orphans/notes") != nil)
    #expect(report.lines.count == 2)
  }

  @Test func afterAStopInOrderNobodyLooks() throws {
    let log = try TestLog(SimDisk())
    log.settle()
    log.store.beginCheckpoint(cleanStop: true)
    log.settle()
    let disk = log.disk.afterCrash(.best)
    try disk.makeDirectory(Self.stray)
    #expect(try TestLog(disk).store.report.orphans.lines.isEmpty)
  }
}
