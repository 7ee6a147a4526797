import ByteCodec
import Glibc
import Machine
import SimMachine
import TestFixtures
import Testing
import Units

/// The same calls on the simulated disk and on a real file system must have the same answers.
@Suite struct ConformanceTests {
  static let names = ["a", "b", "dir", "dir/a", "dir/b", "dir/sub", "dir/sub/c", "other", "other/a", "no/such", "a/x"]
  static let callsPerSeed = 3000

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func bothDisksAnswerAlike(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var simulated = Player(SimDisk(SimDisk.Options(seed: seed)))
    var real = Player(try POSIXDisk(path: folder.path))
    var random = SeededRandom(seed: seed)
    var tail: [String] = []
    var codes: Set<Int32> = []
    for _ in 0..<Self.callsPerSeed {
      let call = DiskCall.random(using: &random, names: Self.names)
      let (mine, theirs) = (simulated.play(call), real.play(call))
      if let code = theirs.code { codes.insert(code) }
      tail.append("\(call) -> \(theirs.text)")
      if tail.count > 12 { tail.removeFirst() }
      guard mine == theirs else {
        Issue.record(
          "seed \(seed): \(call): simulated \(mine.text), real \(theirs.text)\nafter:\n\(tail.joined(separator: "\n"))")
        return
      }
    }
    #expect(simulated.tree() == real.tree())
    let wanted: Set<Int32> = [EBADF, ENOENT, EEXIST, ENOTDIR, EISDIR, EINVAL, ENOTEMPTY]
    #expect(codes == wanted, "the script no longer reaches every refusal")
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func aMemoryDiskAnswersAlike(seed: UInt64) throws {
    var simulated = Player(SimDisk(SimDisk.Options(seed: seed)))
    var plain = Player(SimDisk(.memory(capacity: .mebi(1 << 20))))
    var random = SeededRandom(seed: seed)
    for _ in 0..<Self.callsPerSeed {
      let call = DiskCall.random(using: &random, names: Self.names)
      #expect(simulated.play(call) == plain.play(call))
    }
    #expect(simulated.tree() == plain.tree())
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func afterTheBestCrashAllIsAsItWas(seed: UInt64) throws {
    let disk = SimDisk(SimDisk.Options(seed: seed))
    var player = Player(disk)
    var random = SeededRandom(seed: seed)
    for step in 0..<1000 {
      _ = player.play(DiskCall.random(using: &random, names: Self.names))
      guard step % 20 == 0 else { continue }
      var found = Player(disk.afterCrash(.best))
      #expect(found.tree() == player.tree())
      var again = Player(disk.snapshotDurable().afterCrash(.seeded(seed)))
      var once = Player(disk.snapshotDurable())
      #expect(again.tree() == once.tree(), "a second crash takes more than the first")
    }
  }
}
