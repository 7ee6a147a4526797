import Machine
import Units

/// A file that holds nothing but room: given up when the disk is full, so that deletions and checkpoints still find some.
struct Ballast {
  let disk: any Disk
  private static let path = "ballast"

  init(disk: any Disk) { self.disk = disk }

  /// At most this, and at most a hundredth of the volume.
  static let maximumSize = ByteCount.mebi(64)

  /// The room on the volume now; sets `size` aside when twice as much is free and it is not set aside already.
  func measure(setAside size: ByteCount) throws(DiskError) -> VolumeSpace {
    let space = try disk.space()
    guard size > .zero, space.available.value > 2 * size.value else { return space }
    do throws(DiskError) {
      guard try !isThere() else { return space }
      try disk.open(Self.path, .create).reserve(upTo: FilePosition(size.value))
    } catch {
      // Who cannot look for it now, for want of a descriptor perhaps, looks another time.
      guard error.isFull || error.isOutOfDescriptors || error.call == .list else { throw error }
    }
    return try disk.space()
  }

  /// Gives the room back; false when there was none set aside.
  func release() -> Bool {
    do throws(DiskError) {
      try disk.remove(Self.path)
      return true
    } catch {
      return false
    }
  }

  private func isThere() throws(DiskError) -> Bool {
    try disk.list("").contains { $0.name == Self.path }
  }
}
