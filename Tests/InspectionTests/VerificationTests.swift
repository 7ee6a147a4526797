import Inspection
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

@Suite struct VerificationTests {
  /// A folder with 40 batches of ten records behind a clean stop.
  private static func stopped() throws -> SimDisk {
    let disk = SimDisk()
    let node = try TestNode(disk)
    node.makeTopic()
    for _ in 0..<40 { try node.append(10, bytes: 300) }
    node.stopInOrder()
    return disk
  }

  /// The same, killed: a checkpoint in the middle, the rest in the journal.
  static func killed(checkpointAfter batches: Int = 20) throws -> SimDisk {
    let disk = SimDisk()
    let node = try TestNode(disk)
    node.makeTopic()
    for _ in 0..<batches { try node.append(10, bytes: 300) }
    node.checkpoint()
    for _ in batches..<40 { try node.append(10, bytes: 300) }
    node.store.submitWitness()
    node.settle()
    return disk
  }

  @Test func soundFoldersAreSound() throws {
    for disk in [try Self.stopped(), try Self.killed()] {
      let report = try Verification.run(disk)
      #expect(report.findings.isEmpty, "\(report.findings.map(\.line))")
      #expect(report.segments > 0 && report.bytes > 0 && report.journalFrames > 0)
    }
  }

  @Test func aRunningServersFolderNeedsSayingSo() throws {
    let disk = SimDisk()
    let node = try TestNode(disk)
    node.makeTopic()
    try node.append(3)
    #expect(throws: InspectionError.self) { try Verification.run(disk) }
    #expect(try Verification.run(disk, isLive: true).findings.isEmpty)
    withExtendedLifetime(node) {}
  }

  @Test func everyBitOfASegmentCounts() throws {
    let path = try Self.stopped().path(endingWith: ".log")
    let size = try #require(try Self.stopped().contents(path)).count
    let disk = try Self.stopped()
    for step in 0..<60 {
      let byte = Int64(step * (size - 1) / 59)
      disk.flipBit(path, at: FilePosition(byte), bit: step % 8)
      let report = try Verification.run(disk)
      let damage = report.findings.filter { $0.weight == .damage }
      #expect(damage.contains { $0.path == path && $0.bytes?.contains(byte) ?? false }, "byte \(byte)")
      #expect(damage.allSatisfy { $0.partition == "orders/0" })
      disk.flipBit(path, at: FilePosition(byte), bit: step % 8)
    }
    #expect(try Verification.run(disk).findings.isEmpty)
  }

  @Test func damageNamesItsOffsets() throws {
    let disk = try Self.stopped()
    let path = try disk.path(endingWith: ".log")
    let size = try #require(disk.contents(path)).count / 40
    disk.overwrite(path, with: [UInt8](repeating: 0xFF, count: 50), at: FilePosition(Int64(size * 7 + 200)))
    let report = try Verification.run(disk)
    #expect(report.isDamaged)
    #expect(report.findings.map(\.offsets).contains(70...79), "\(report.findings.map(\.line))")
  }

  @Test func aMissingOrShortSegmentIsDamage() throws {
    let disk = try Self.stopped()
    let path = try disk.path(endingWith: ".log")
    disk.setSize(path, to: ByteCount(100))
    #expect(try Verification.run(disk).findings.contains { $0.path == path && $0.weight == .damage })
    disk.deleteAtRest(path)
    let missing = try Verification.run(disk).findings
    #expect(missing.contains { $0.path == path && $0.offsets == 0...399 }, "\(missing.map(\.line))")
  }

  @Test(arguments: Checkpoint.fileNames)
  func everyCopyOfTheCheckpointCounts(name: String) throws {
    let disk = try Self.stopped()
    let size = try #require(disk.contents(name)).count
    for byte in [0, 30, size / 2 + 40, size - 1] {
      disk.flipBit(name, at: FilePosition(Int64(byte)))
      let report = try Verification.run(disk)
      #expect(report.findings.contains { $0.part == .checkpoint && $0.path == name && $0.weight == .damage })
      disk.flipBit(name, at: FilePosition(Int64(byte)))
    }
  }

  @Test func withoutACheckpointNothingIsSound() throws {
    let disk = try Self.stopped()
    for name in Checkpoint.fileNames {
      disk.overwrite(name, with: [UInt8](repeating: 0, count: 4_096), at: FilePosition(0))
    }
    for name in Checkpoint.fileNames { disk.setSize(name, to: ByteCount(64)) }
    #expect(try Verification.run(disk).isDamaged)
  }

  @Test func aFlippedBitInTheJournalIsDamageAndNamed() throws {
    let disk = try Self.killed()
    let path = try disk.path(endingWith: ".journal")
    let map = try JournalMap(disk, try FolderReading(disk).checkpoint)
    let frame = try #require(
      map.files.first?.frames.last { $0.header.kind == .batch && $0.header.place.baseOffset == Offset(300) })
    for byte in [frame.position + 20, frame.position + 500] {
      disk.flipBit(path, at: FilePosition(byte))
      let report = try Verification.run(disk)
      #expect(
        report.findings.contains { $0.part == .journal && $0.weight == .damage && $0.bytes?.contains(byte) ?? false },
        "\(report.findings.map(\.line))")
      disk.flipBit(path, at: FilePosition(byte))
    }
  }

  @Test func aFlippedBitInTheCoveredJournalIsANote() throws {
    let disk = try Self.killed()
    let path = try disk.path(endingWith: ".journal")
    let map = try JournalMap(disk, try FolderReading(disk).checkpoint)
    let frame = try #require(map.files.first?.frames.first { $0.header.kind == .batch })
    for byte in [frame.position + 20, frame.position + 500] {
      disk.flipBit(path, at: FilePosition(byte))
      let report = try Verification.run(disk)
      #expect(!report.isDamaged)
      #expect(report.findings.contains { $0.part == .journal && $0.bytes?.contains(byte) ?? false })
      disk.flipBit(path, at: FilePosition(byte))
    }
  }

  @Test func aDumpShowsCheckpointedAndJournaledRecords() throws {
    let disk = try Self.killed()
    var batches = 0
    var offsets: [Int64] = []
    try PartitionDump(disk, topic: "orders", index: 0).run(from: Offset(15), records: true) { item in
      switch item {
      case .batch: batches += 1
      case .record(let record): offsets.append(record.offset.value)
      case .damage(let finding): Issue.record("\(finding.line)")
      }
      return true
    }
    #expect(batches == 39)
    #expect(offsets == Array(15..<400))
    #expect(throws: InspectionError.self) { try PartitionDump(disk, topic: "nothing", index: 0) }
    #expect(throws: InspectionError.self) { try PartitionDump(disk, topic: "orders", index: 9) }
  }
}
