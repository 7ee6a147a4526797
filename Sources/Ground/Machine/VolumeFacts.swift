import ByteCodec
import CLinux
import Glibc
import Units

/// What is known about the volume under a data folder, for a report on whether it can be trusted.
package struct VolumeFacts: Equatable, Sendable {
  package enum Kind: Sendable {
    /// A file system on a device.
    case local
    /// In memory: gone with the power.
    case memory
    /// Layers over another file system; may be mounted so that syncs do nothing.
    case overlay
    /// On another machine: syncs and locks mean what that machine makes of them.
    case network
    /// Not on the list.
    case unknown
  }

  /// The file system's name, or its magic number in hexadecimal.
  package var fileSystem: String
  package var kind: Kind

  /// The facts for the magic number that statfs gives (linux/magic.h and the file systems' own headers).
  package init(magic: UInt32) {
    (fileSystem, kind) = Self.known[magic] ?? ("0x" + String(magic, radix: 16), .unknown)
  }

  private static let known: [UInt32: (String, Kind)] = [
    0xef53: ("ext4", .local), 0x5846_5342: ("xfs", .local), 0x9123_683e: ("btrfs", .local),
    0x2fc1_2fc1: ("zfs", .local), 0xf2f5_2010: ("f2fs", .local), 0xca45_1a4e: ("bcachefs", .local),
    0x0102_1994: ("tmpfs", .memory), 0x8584_58f6: ("ramfs", .memory), 0x794c_7630: ("overlayfs", .overlay),
    0x6969: ("nfs", .network), 0xff53_4d42: ("cifs", .network), 0xfe53_4d42: ("smb2", .network),
    0x517b: ("smb", .network), 0x00c3_6400: ("ceph", .network), 0x0102_1997: ("9p", .network),
    0x6573_5546: ("fuse", .unknown),
  ]
}

extension POSIXDisk {
  /// What kind of volume the data folder is on.
  package func volumeFacts() throws(DiskError) -> VolumeFacts {
    var facts = statfs()
    while fstatfs(folder.number, &facts) != 0 {
      if errno != EINTR { throw DiskError(call: .space, path: "", code: errno) }
    }
    return VolumeFacts(magic: UInt32(truncatingIfNeeded: facts.f_type))
  }

  /// Whether a sync of the volume tells of a write-back that failed: since Linux 5.8.
  static let tellsFailedWriteback: Bool = {
    var system = utsname()
    guard uname(&system) == 0 else { return false }
    let release = withUnsafeBytes(of: &system.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 8)
  }()

  /// Most syncs that `measureSyncs` will do.
  package static let mostSyncsMeasured = 10_000

  /// How long `count` syncs took, each after a write of 4 KiB to the scratch file `path`, which is removed again. A
  /// median under some 30 microseconds on a device without a battery says that syncs do not reach it.
  package func measureSyncs(
    count: Int = 20, path: String = "sync-probe", clock: some Clock = SystemClock()
  ) throws(DiskError) -> [Duration] {
    let file = try open(path, .create)
    let block = ByteSlice(copying: [UInt8](repeating: 0x6d, count: 4096))
    var durations: [Duration] = []
    do throws(DiskError) {
      for _ in 0..<min(max(count, 0), Self.mostSyncsMeasured) {
        try file.write([block], at: FilePosition(0))
        let start = clock.now()
        try file.sync()
        durations.append(.nanoseconds(clock.now().nanoseconds - start.nanoseconds))
      }
    } catch {
      try remove(path)
      throw error
    }
    try remove(path)
    return durations
  }
}
