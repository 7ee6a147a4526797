import Glibc

/// A file system as servers have it, ext4, in a file: mounted for one test and taken away with it.
final class DiskVolume {
  let path: String
  private let image: String
  private let scratch: Scratch
  private var isMounted = false

  /// Whether this machine lets the tests mount one, and turn it read-only under them.
  static let isAllowed: Bool = {
    guard geteuid() == 0, let scratch = try? Scratch() else { return false }
    return (try? DiskVolume(mebibytes: 8, scratch: scratch).turnReadOnly()) != nil
  }()

  init(mebibytes: Int, scratch: Scratch) throws {
    path = scratch.newPath("volume")
    image = scratch.newPath("image")
    self.scratch = scratch
    guard mkdir(path, 0o700) == 0 else { throw ChildFailure("no folder to mount on: \(errno)") }
    try Self.system(["truncate", "-s", "\(mebibytes)M", image], scratch)
    try Self.system(["mkfs.ext4", "-q", image], scratch)
    try mount()
  }

  deinit {
    guard isMounted else { return }
    do {
      try Self.system(["umount", "-l", path], scratch)
    } catch {
      print("left mounted: \(path): \(error)")
    }
  }

  /// Makes it read-only under those who have files open, as ext4 does itself when it meets an error.
  func turnReadOnly() throws {
    // Some kernels do it and answer that it failed.
    _ = try run(["mount", "-o", "remount,abort", path], scratch: scratch)
    guard mkdir(path + "/probe", 0o700) != 0, errno == EROFS else { throw ChildFailure("it stays writable") }
  }

  /// Takes it away and mounts it anew, writable: nobody may have a file open.
  func mountAgain() throws {
    try Self.system(["umount", path], scratch)
    isMounted = false
    try mount()
  }

  private func mount() throws {
    try Self.system(["mount", "-o", "loop", image, path], scratch)
    isMounted = true
  }

  private static func system(_ command: [String], _ scratch: Scratch) throws {
    let done = try run(command, scratch: scratch)
    guard done.code == 0 else { throw ChildFailure("\(command[0]) failed: \(done.output)\(done.errors)") }
  }
}
