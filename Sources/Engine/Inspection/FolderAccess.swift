package import ByteCodec
package import LogStore
package import Machine
import Units

/// Opening data folders for tools.
package enum FolderAccess {
  /// Readings of a running server's folder before giving up.
  private static let attempts = 10

  /// Takes the folder for this process.
  package static func lock(_ disk: any Disk) throws(InspectionError) -> any DiskLock {
    let holder: Int32?
    do throws(DiskError) {
      if let lock = try disk.lock("lock") { return lock }
      holder = try disk.lockHolder("lock")
    } catch {
      throw InspectionError(.disk, error.description)
    }
    let process = holder.map { " (process \($0))" } ?? ""
    throw InspectionError(.locked, "another process has this data folder open\(process)")
  }

  /// The folder as a start would find it. In a running server's folder, files change while they are read: what looks
  /// like damage is read again until it looks the same twice.
  package static func reading(_ disk: any Disk, isLive: Bool) throws(RecoveryFailure) -> FolderReading {
    var reading = try FolderReading(disk)
    guard isLive else { return reading }
    for _ in 0..<attempts {
      guard let damage = reading.damage else { return reading }
      let again = try FolderReading(disk)
      if again.damage == damage, again.checkpoint.sequence == reading.checkpoint.sequence { return again }
      reading = again
    }
    return reading
  }

  /// The content of a file; nil when there is none.
  package static func content(_ path: String, on disk: any Disk) throws(DiskError) -> ByteSlice? {
    do throws(DiskError) {
      let file = try disk.open(path, .read)
      return try file.read(count: Int(try file.size().value), at: FilePosition(0))
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }
}
