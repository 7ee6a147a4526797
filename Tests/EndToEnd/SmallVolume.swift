import Glibc

/// A small file system in memory, mounted for one test and taken away with it.
final class SmallVolume {
  let path: String
  private let scratch: Scratch

  /// Whether this machine lets the tests mount one.
  static let isAllowed: Bool = {
    guard geteuid() == 0, let scratch = try? Scratch() else { return false }
    return (try? SmallVolume(mebibytes: 1, scratch: scratch)) != nil
  }()

  init(mebibytes: Int, scratch: Scratch) throws {
    path = scratch.newPath("volume")
    self.scratch = scratch
    guard mkdir(path, 0o700) == 0 else { throw ChildFailure("no folder to mount on: \(errno)") }
    let done = try run(
      ["mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0700", "none", path], scratch: scratch)
    guard done.code == 0 else { throw ChildFailure("no mount: \(done.errors)") }
  }

  deinit {
    do {
      let done = try run(["umount", "-l", path], scratch: scratch)
      if done.code != 0 { print("left mounted: \(path): \(done.errors)") }
    } catch {
      print("left mounted: \(path): \(error)")
    }
  }

  /// Makes it larger or smaller while it is in use.
  func resize(mebibytes: Int) throws {
    let done = try run(["mount", "-o", "remount,size=\(mebibytes)m", path], scratch: scratch)
    guard done.code == 0 else { throw ChildFailure("no remount: \(done.errors)") }
  }
}
