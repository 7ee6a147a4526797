import Inspection
import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct BackupTests {
  @Test func aBackupOfAStoppedFolderRestores() throws {
    let source = try VerificationTests.killed()
    let copy = SimDisk()
    let report = try Backup.take(from: source, to: copy)
    #expect(report.verified.findings.isEmpty, "\(report.verified.findings.map(\.line))")
    let restored = SimDisk()
    _ = try Backup.take(from: copy, to: restored)
    let node = try TestNode(restored)
    #expect(try node.offsets().read == Array(0..<400))
    #expect(try node.append(1).value == 400)
  }

  /// While the copy is made, the node goes on, rolls segments, makes checkpoints and reuses its journal.
  @Test func aBackupOfARunningNodeHoldsAllThatWasAcknowledged() throws {
    let source = SimDisk()
    let node = try TestNode(source, checkpointBytes: .kibi(64))
    node.makeTopic()
    for _ in 0..<100 { try node.append(5, bytes: 1_000) }
    let before = try #require(node.store.partition(PartitionKey(topic: TestNode.topic, index: 0))).durable.end
    let copy = SimDisk()
    var passes = 0
    var failure: (any Error)?
    let report = try Backup.take(from: source, to: copy) {
      passes += 1
      guard passes < 6 else { return }
      do {
        for _ in 0..<30 { try node.append(5, bytes: 1_000) }
      } catch {
        failure = error
      }
    }
    #expect(failure == nil)
    #expect(report.passes > 1)
    #expect(report.verified.findings.isEmpty, "\(report.verified.findings.map(\.line))")
    let restored = try TestNode(copy)
    let found = try restored.offsets()
    #expect(found.damaged.isEmpty)
    #expect(found.read == Array(0..<Int64(found.read.count)))
    #expect(Int64(found.read.count) >= before.value)
    #expect(restored.store.epoch > node.store.epoch)
  }

  @Test func aTargetWithContentIsRefused() throws {
    let source = try VerificationTests.killed()
    #expect(throws: InspectionError.self) { try Backup.take(from: source, to: try VerificationTests.killed()) }
  }

  @Test func aDamagedJournalIsNotCopied() throws {
    let source = try VerificationTests.killed()
    let path = try source.path(endingWith: ".journal")
    let map = try JournalMap(source, try FolderReading(source).checkpoint)
    let frame = try #require(map.files.first?.frames.last { $0.header.kind == .batch })
    source.flipBit(path, at: FilePosition(frame.position + 300))
    #expect(throws: InspectionError.self) { try Backup.take(from: source, to: SimDisk()) }
  }
}
