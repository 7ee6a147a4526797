import ByteCodec
import Machine
import SimMachine
import Testing
import Units

/// Random work on one file, judged by whole copies of what the file held after each call: slow and plainly right.
@Suite struct CrashModelTests {
  struct Image {
    var bytes = [UInt8](repeating: 0, count: CrashModelTests.room)
    var size = 0
  }

  static let room = 4096

  @Test(arguments: [512, 4096], 1...6 as ClosedRange<UInt64>)
  func everySectorHoldsOneOfItsVersions(sectorSize: Int, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var disk = SimDisk(SimDisk.Options(seed: seed, sectorSize: sectorSize))
    var file = try disk.open("f", .createNew)
    try disk.syncDirectory("")
    var images = [Image()]
    for step in 0..<150 {
      var image = images[images.count - 1]
      switch random.below(12) {
      case ..<7:
        let letter = UInt8(1 + random.below(255))
        let start = random.below(Self.room)
        let bytes = [UInt8](repeating: letter, count: 1 + random.below(Self.room - start))
        try file.write([ByteSlice(copying: bytes)], at: FilePosition(Int64(start)))
        image.bytes.replaceSubrange(start..<start + bytes.count, with: bytes)
        image.size = max(image.size, start + bytes.count)
        images.append(image)
      case ..<9:
        let size = random.below(Self.room + 1)
        try file.truncate(to: ByteCount(size))
        for index in min(size, image.size)..<Self.room { image.bytes[index] = 0 }
        image.size = size
        images.append(image)
      case ..<11:
        try file.sync()
        images = [image]
      default:
        disk = disk.afterCrash(.seeded(random.next()))
        file = try disk.open("f", .write)
        let found = try #require(disk.contents("f"))
        images = [Image(bytes: found + [UInt8](repeating: 0, count: Self.room - found.count), size: found.count)]
      }
      #expect(disk.contents("f") == Array(images[images.count - 1].bytes[..<images[images.count - 1].size]))
      let worst = try #require(disk.snapshotDurable().contents("f"))
      #expect(worst == Array(images[0].bytes[..<images[0].size]), "step \(step)")
      let found = try #require(disk.afterCrash(.seeded(random.next())).contents("f"))
      #expect(isLegal(found, images, sectorSize), "seed \(seed), step \(step)")
    }
  }

  private func isLegal(_ found: [UInt8], _ images: [Image], _ sectorSize: Int) -> Bool {
    guard images.contains(where: { $0.size == found.count }) else { return false }
    return stride(from: 0, to: found.count, by: sectorSize).allSatisfy { start in
      let sector = found[start..<min(start + sectorSize, found.count)]
      let versions = images.map { $0.bytes[sector.indices] }
      let front = versions.map { zip($0, sector).prefix { $0 == $1 }.count }.max() ?? 0
      let back = versions.map { zip($0.reversed(), sector.reversed()).prefix { $0 == $1 }.count }.max() ?? 0
      return front + back >= sector.count
    }
  }
}
