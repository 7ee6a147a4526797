import ByteCodec
import Inspection
import LogStore
import Machine
import SimMachine
import Units

/// A data folder of which one file was changed: the first byte chooses the file, the second how it is changed, the next
/// three where. Then the folder is verified, dumped and started on. Where verification finds no damage, a start succeeds.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFolder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 5, let start else { return 0 }
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let disk = FuzzedFolder.disk.afterCrash(.best)
  let path = FuzzedFolder.paths[Int(input[0]) % FuzzedFolder.paths.count]
  let place = Int64(input[2]) << 16 | Int64(input[3]) << 8 | Int64(input[4])
  do {
    try change(path, on: disk, how: input[1], place, Array(input[5...]))
  } catch {
    preconditionFailure("the simulated disk failed: \(error)")
  }
  let report = try? Verification.run(disk)
  for index: Int32 in 0..<2 {
    guard let dump = try? PartitionDump(disk, topic: FuzzedFolder.topic, index: index) else { continue }
    var items = 0
    try? dump.run(from: Offset(Int64(input[2])), records: true) { _ in
      items += 1
      return items < 10_000
    }
  }
  do {
    _ = try FuzzedFolder.open(disk)
  } catch {
    precondition(report?.isDamaged ?? true, "verification found nothing, and the start was refused: \(error)")
  }
  return 0
}

/// Overwrites, replaces, cuts, or (an index) writes rows that lie but have their checksum.
private func change(_ path: String, on disk: SimDisk, how: UInt8, _ place: Int64, _ bytes: [UInt8]) throws {
  let file = try disk.open(path, .write)
  let size = try file.size().value
  switch how % 4 {
  case 0: try file.write([ByteSlice(copying: bytes)], at: FilePosition(place % max(size, 1)))
  case 1:
    try file.truncate(to: .zero)
    try file.write([ByteSlice(copying: bytes)], at: FilePosition(0))
  case 2: try file.truncate(to: ByteCount(place % max(size, 1)))
  default: try file.write([rows(bytes, of: FuzzedFolder.key(of: path))], at: FilePosition(0))
  }
  try file.sync()
}

private func rows(_ bytes: [UInt8], of key: SegmentKey) -> ByteSlice {
  var reader = ByteReader(ByteSlice(copying: bytes))
  var writer = ByteWriter()
  while let position = try? reader.readInt64(), let length = try? reader.readInt64(),
    let first = try? reader.readInt64(),
    let last = try? reader.readInt64(), let time = try? reader.readInt64(), let checksum = try? reader.readUInt32()
  {
    BlockIndex.Row(
      position: FilePosition(position), length: ByteCount(length), firstOffset: Offset(first), lastOffset: Offset(last),
      maxTimestamp: Timestamp(milliseconds: time), checksum: checksum
    ).encode(to: &writer, of: key)
  }
  return writer.takeSlice()
}
