import ByteCodec
import Inspection
import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct RepairTests {
  private static let entropy = SeededEntropy(seed: 3)

  @Test func oneTurnedBitIsFound() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let checksum = Checksum.crc32c(ByteSlice(copying: bytes))
    for (byte, bit) in [(0, 0), (1, 7), (5_000, 3), (9_999, 6)] {
      var damaged = bytes
      damaged[byte] ^= 1 << UInt8(bit)
      let found = BitSyndrome.restored(ByteSlice(copying: damaged), checksum: checksum)
      #expect(found?.byte == byte && found?.bit == bit)
      #expect(found?.bytes.copy() == bytes)
      damaged[(byte + 77) % 10_000] ^= 1
      #expect(BitSyndrome.restored(ByteSlice(copying: damaged), checksum: checksum) == nil)
    }
  }

  @Test func aTurnedBitInASegmentIsRestored() throws {
    let disk = try VerificationTests.killed()
    let path = try disk.path(endingWith: ".log")
    let before = disk.contents(path)
    disk.flipBit(path, at: FilePosition(5_000), bit: 5)
    let report = try Repair.run(disk, accepting: [], entropy: Self.entropy)
    #expect(report.lines.count == 1)
    #expect(disk.contents(path) == before)
    #expect(try Verification.run(disk).findings.isEmpty)
    #expect(try TestNode(disk).offsets().read == Array(0..<400))
  }

  @Test func turnedBitsInTheJournalAreRestored() throws {
    let intact = try VerificationTests.killed()
    let map = try JournalMap(intact, try FolderReading(intact).checkpoint)
    let frame = try #require(
      map.files.first?.frames.first { $0.header.kind == .batch && $0.header.place.baseOffset == Offset(300) })
    for byte in [frame.position + 20, frame.position + 60, frame.position + 109, frame.position + 700] {
      let disk = try VerificationTests.killed()
      disk.flipBit(try disk.path(endingWith: ".journal"), at: FilePosition(byte), bit: 2)
      #expect(throws: RecoveryFailure.self) { try TestNode(disk) }
      _ = try Repair.run(disk, accepting: [], entropy: Self.entropy)
      #expect(try TestNode(disk).offsets().read == Array(0..<400))
    }
  }

  @Test func aDamagedFrameComesBackFromItsSegment() throws {
    let disk = try VerificationTests.killed()
    let frame = try #require(
      try JournalMap(disk, try FolderReading(disk).checkpoint).files.first?.frames.first {
        $0.header.kind == .batch && $0.header.place.baseOffset == Offset(300)
      })
    disk.overwrite(
      try disk.path(endingWith: ".journal"), with: [UInt8](repeating: 9, count: 400),
      at: FilePosition(frame.position + 300))
    _ = try Repair.run(disk, accepting: [], entropy: Self.entropy)
    #expect(try TestNode(disk).offsets().read == Array(0..<400))
  }

  @Test func aLostStretchOfASegmentIsGivenUpByName() throws {
    let disk = try VerificationTests.killed()
    let path = try disk.path(endingWith: ".log")
    let size = try #require(disk.contents(path)).count / 40
    disk.overwrite(path, with: [UInt8](repeating: 0xFF, count: 90), at: FilePosition(Int64(size * 7 + 200)))
    let damaged = disk.contents(path)
    #expect(throws: InspectionError.self) { try Repair.run(disk, accepting: [], entropy: Self.entropy) }
    #expect(throws: InspectionError.self) {
      try Repair.run(disk, accepting: [Loss(place: "orders/1", first: 0, last: 1_000)], entropy: Self.entropy)
    }
    #expect(disk.contents(path) == damaged)
    let plan = try RepairPlan(disk)
    #expect(plan.losses == [Loss(place: "orders/0", first: 70, last: 79)])
    #expect(plan.lines(folder: "d").last?.hasSuffix("--accept-loss orders/0:70-79") ?? false)
    let report = try Repair.run(disk, accepting: plan.losses, entropy: Self.entropy)
    let copies = try #require(report.copies)
    #expect(disk.contents("\(copies)/\(path.map { $0 == "/" ? "@" : String($0) }.joined())") == damaged)
    #expect(disk.contents("\(copies)/report.txt") != nil)
    #expect(try Verification.run(disk).findings.isEmpty)
    let node = try TestNode(disk)
    #expect(try node.offsets().read == Array(0..<70) + Array(80..<400))
    #expect(try node.offsets(from: 75).read == Array(80..<400))
    #expect(try node.append(2).value == 400)
    #expect(try node.offsets(from: 390).read == Array(390..<402))
  }

  @Test func aLostJournalFrameIsCutAndItsOffsetsAreNotGivenAgain() throws {
    let disk = try VerificationTests.killed()
    let frame = try #require(
      try JournalMap(disk, try FolderReading(disk).checkpoint).files.first?.frames.first {
        $0.header.kind == .batch && $0.header.place.baseOffset == Offset(300)
      })
    disk.overwrite(
      try disk.path(endingWith: ".journal"), with: [UInt8](repeating: 9, count: 600),
      at: FilePosition(frame.position + 8))
    let log = try disk.path(endingWith: ".log")
    disk.overwrite(
      log, with: [UInt8](repeating: 9, count: 300), at: FilePosition(frame.header.place.position.value + 100))
    let plan = try RepairPlan(disk)
    #expect(plan.losses == [Loss(place: "orders/0", first: 300, last: 399)], "\(plan.lines(folder: "d"))")
    _ = try Repair.run(disk, accepting: plan.losses, entropy: Self.entropy)
    #expect(try Verification.run(disk).findings.isEmpty)
    let node = try TestNode(disk)
    #expect(try node.offsets().read == Array(0..<300))
    #expect(try node.append(1).value == 400)
    #expect(try node.offsets().read == Array(0..<300) + [400])
    node.store.submitWitness()
    node.settle()
    let again = try TestNode(disk.snapshotDurable())
    #expect(try again.offsets().read == Array(0..<300) + [400])
  }

  @Test func lossesAreReadAsTheyAreWritten() {
    #expect(Loss("orders/0:5-9") == Loss(place: "orders/0", first: 5, last: 9))
    #expect(Loss("orders/0:5-9")?.description == "orders/0:5-9")
    for text in ["", "orders/0", "orders/0:9-5", "orders/0:5", ":1-2", "orders/0:-5-9", "orders/0:a-b"] {
      #expect(Loss(text) == nil, "\(text)")
    }
  }
}
