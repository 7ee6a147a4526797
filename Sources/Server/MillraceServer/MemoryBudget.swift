import Glibc

/// What the memory that the process may take is divided into. What is left over belongs to what grows with the data:
/// partitions, indexes, and to the allocator's own waste.
package struct MemoryBudget: Equatable, Sendable {
  /// The limit where nobody chose one and there is enough.
  package static let usual: Int64 = 256 << 20
  /// The least that a server is of use with.
  package static let least: Int64 = 16 << 20
  /// What a remembered producer takes, with its five batches.
  private static let producerBytes: Int64 = 400

  /// All of it.
  package let limit: Int64

  /// The budget for `chosen`, or else for half of what there is, as far as that is known and less than the usual limit.
  package init(chosen: Int64?, available: Int64?) {
    limit = chosen ?? max(min(Self.usual, available.map { $0 / 2 } ?? Self.usual), Self.least)
  }

  /// Requests that are read or wait, and, as much again, answers that clients have not taken.
  package var door: Int { Int(clamping: limit / 16 * 3) }
  /// The largest request.
  package var largestRequest: Int { Int(clamping: limit / 4) }
  /// Batches that wait for the disk: a few commit groups keep it busy, and all that is in front of a batch adds to its time.
  package var waitingForDisk: Int64 { max(min(limit / 16, 64 << 20), 4 << 20) }
  /// The journal at a start, before anybody else wants memory.
  package var replay: Int64 { min(limit / 4, 64 << 20) }
  /// Idempotent producers that are remembered.
  package var producers: Int { Int(clamping: limit / 8 / Self.producerBytes) }
  /// Keys of the compaction under way: a larger topic takes more passes.
  package var compaction: Int64 { max((limit - Self.least) / 16, 256 << 10) }
  /// Groups, with their members and offsets. A checkpoint takes about as much again for its copy of them.
  package var groups: Int { Int(clamping: limit / 32 * 3) }
  /// Transactional ids, with the partitions of open transactions.
  package var transactions: Int { Int(clamping: limit / 32) }
  /// Blocks above this size go back to the system when they are free; smaller ones are kept for the next request.
  package var keptBlock: Int32 { Int32(clamping: max(min(limit / 256, 32 << 20), 128 << 10)) }
  /// Free memory above this goes back to the system.
  package var keptFree: Int32 { Int32(clamping: min(limit / 16, 64 << 20)) }

  /// What this machine has, or the memory cgroup that this process is in, if that is less; nil where neither says.
  package static var available: Int64? {
    let pages = Int64(sysconf(Int32(_SC_PHYS_PAGES)))
    let machine = pages > 0 ? pages * Int64(sysconf(Int32(_SC_PAGESIZE))) : nil
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap(number)
    return (groups + [machine].compactMap { $0 }).filter { $0 > 0 }.min()
  }

  /// The number in a file of the system; nil where there is none.
  private static func number(in path: String) -> Int64? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = read(file, &bytes, bytes.count)
    return Int64(String(decoding: bytes.prefix(max(count, 0)).prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
  }
}
