import Glibc

/// A memory cgroup around a process: beyond its size the system takes page cache back, and then kills.
struct MemoryCage {
  private let folder: String
  private let isUnified: Bool

  private init(folder: String, isUnified: Bool) {
    self.folder = folder
    self.isUnified = isUnified
  }

  /// A group of its own for `process`; nil where none can be made.
  static func around(_ process: Int32, bytes: Int) -> MemoryCage? {
    for (root, isUnified) in [("/sys/fs/cgroup/memory", false), ("/sys/fs/cgroup", true)] {
      let cage = MemoryCage(folder: "\(root)/millrace-limits-\(getpid())", isUnified: isUnified)
      guard access("\(root)/\(isUnified ? "cgroup.controllers" : "memory.limit_in_bytes")", F_OK) == 0,
        mkdir(cage.folder, 0o755) == 0
      else { continue }
      let limit = isUnified ? "memory.max" : "memory.limit_in_bytes"
      if write("\(bytes)", to: "\(cage.folder)/\(limit)"), write("\(process)", to: "\(cage.folder)/cgroup.procs") {
        return cage
      }
      cage.remove()
    }
    return nil
  }

  /// How often the system killed in it.
  var kills: Int {
    let text = Self.text(isUnified ? "\(folder)/memory.events" : "\(folder)/memory.oom_control")
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts.count == 2, parts[0] == "oom_kill" { return Int(parts[1]) ?? 0 }
    }
    return 0
  }

  /// Once its process has ended.
  func remove() { rmdir(folder) }

  private static func write(_ text: String, to path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == text.utf8.count
  }

  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
