import ByteCodec
import Machine
import SimMachine
import Units

/// One call of a random script; a handle is named by its place in a small table.
enum DiskCall {
  case open(String, OpenIntent, into: Int)
  case close(Int)
  case makeDirectory(String), syncDirectory(String), remove(String), removeDirectory(String), list(String)
  case rename(String, String)
  case read(Int, at: Int64, count: Int), readCached(Int, at: Int64, count: Int)
  case write(Int, at: Int64, [Int], UInt8)
  case truncate(Int, Int64), reserve(Int, Int64), sync(Int), size(Int)
  case lock(String), unlock

  static let handles = 6

  static func random(using random: inout SeededRandom, names: [String]) -> DiskCall {
    let name = names[random.below(names.count)]
    let handle = random.below(handles)
    let span = [64, 600, 5000, 70_000][random.below(4)]
    let position = Int64(random.below(span)) - (random.below(60) == 0 ? 70_000 : 0)
    switch random.below(100) {
    case ..<14:
      let intent = [OpenIntent.read, .write, .create, .create, .createNew][random.below(5)]
      return .open(random.below(40) == 0 ? "" : name, intent, into: handle)
    case ..<17: return .close(handle)
    case ..<24: return .makeDirectory(name)
    case ..<27: return .syncDirectory(random.below(3) == 0 ? "" : name)
    case ..<32: return .remove(name)
    case ..<35: return .removeDirectory(name)
    case ..<44: return .rename(name, names[random.below(names.count)])
    case ..<50: return .list(random.below(3) == 0 ? "" : name)
    case ..<62: return .read(handle, at: position, count: random.below(span))
    case ..<65: return .readCached(handle, at: max(position, 0), count: random.below(span))
    case ..<83:
      let counts = (0..<random.below(4)).map { _ in random.below(span) }
      return .write(handle, at: position, counts, UInt8(1 + random.below(255)))
    case ..<88: return .truncate(handle, position)
    case ..<91: return .reserve(handle, position)
    case ..<94: return .sync(handle)
    case ..<97: return .size(handle)
    case ..<99: return .lock(["lock", "lock", "no/lock", ""][random.below(4)])
    default: return .unlock
    }
  }
}

/// What a disk said to a call.
struct Answer: Equatable {
  var text: String
  /// The error number, when it refused.
  var code: Int32?
}

/// Plays calls on a disk and puts each answer into words.
struct Player {
  private let disk: any Disk
  private var files: [(any DiskFile)?]
  private var locks: [any DiskLock] = []

  init(_ disk: any Disk) {
    self.disk = disk
    files = Array(repeating: nil, count: DiskCall.handles)
  }

  mutating func play(_ call: DiskCall) -> Answer {
    do throws(DiskError) {
      return Answer(text: try answer(call))
    } catch {
      return Answer(text: "\(error.call) '\(error.path)' \(error.code)", code: error.code)
    }
  }

  private mutating func answer(_ call: DiskCall) throws(DiskError) -> String {
    switch call {
    case .open(let path, let intent, let handle): files[handle] = try disk.open(path, intent)
    case .close(let handle): files[handle] = nil
    case .makeDirectory(let path): try disk.makeDirectory(path)
    case .syncDirectory(let path): try disk.syncDirectory(path)
    case .remove(let path): try disk.remove(path)
    case .removeDirectory(let path): try disk.removeDirectory(path)
    case .list(let path):
      return try disk.list(path).map { $0.name + ($0.isDirectory ? "/" : "") }.joined(separator: " ")
    case .rename(let source, let destination): try disk.rename(source, to: destination)
    case .read(let handle, let position, let count):
      guard let bytes = try files[handle]?.read(count: count, at: FilePosition(position)) else { return "no file" }
      return "\(bytes.count) bytes, CRC \(Checksum.crc32c(bytes))"
    case .readCached(let handle, let position, let count):
      let block = ByteBlock(capacity: count)
      let buffer = UnsafeMutableRawBufferPointer(start: block.base, count: count)
      guard let file = files[handle] else { return "no file" }
      // What was just written may leave memory: only a real read can then be compared.
      let got = try file.readIfCached(into: buffer, at: FilePosition(position))
      let bytes: ByteSlice
      if let got {
        bytes = block.slice(count: got)
      } else {
        bytes = try file.read(count: count, at: FilePosition(position))
      }
      return "\(bytes.count) bytes, CRC \(Checksum.crc32c(bytes))"
    case .write(let handle, let position, let counts, let letter):
      let slices = counts.map { ByteSlice(copying: [UInt8](repeating: letter, count: $0)) }
      return "\(try files[handle]?.writeSome(slices[...], at: FilePosition(position)) ?? -1) written"
    case .truncate(let handle, let size): try files[handle]?.truncate(to: ByteCount(size))
    case .reserve(let handle, let end): try files[handle]?.reserve(upTo: FilePosition(end))
    case .sync(let handle): try files[handle]?.sync()
    case .size(let handle): return "\(try files[handle]?.size().value ?? -1)"
    case .lock(let path):
      guard let lock = try disk.lock(path) else { return "held" }
      locks.append(lock)
    case .unlock: locks = []
    }
    return "done"
  }

  /// All that is there, in words. Lock files hold a process number and are left out.
  mutating func tree(_ folder: String = "") -> [String] {
    let entries: [DirectoryEntry]
    do throws(DiskError) { entries = try disk.list(folder) } catch { return ["\(error)"] }
    var lines: [String] = []
    for entry in entries where entry.name != "lock" {
      let path = folder.isEmpty ? entry.name : folder + "/" + entry.name
      if entry.isDirectory {
        lines.append(path + "/")
        lines += tree(path)
        continue
      }
      do throws(DiskError) {
        let bytes = try disk.open(path, .read).read(count: 200_000, at: FilePosition(0))
        lines.append("\(path) \(bytes.count) \(Checksum.crc32c(bytes))")
      } catch {
        lines.append("\(path): \(error)")
      }
    }
    return lines
  }
}
