/// The form of the paths a `Disk` takes: names joined by `/`, below the data folder, never leaving it.
package enum DiskPath {
  /// Longest name in a path, in bytes, as Linux file systems have it.
  package static let longestName = 255

  /// The names in `path`; none for "", which is the data folder itself.
  ///
  /// Fails with EINVAL for an empty name, `.`, `..` or a NUL byte, with ENAMETOOLONG for a name over `longestName`.
  package static func names(_ path: String, for call: DiskError.Call) throws(DiskError) -> [Substring] {
    try check(path, for: call)
    return path.isEmpty ? [] : path.split(separator: "/", omittingEmptySubsequences: false)
  }

  /// Like `names`, but refuses the data folder itself with EINVAL: for calls that act on a name within it.
  package static func namesBelow(_ path: String, for call: DiskError.Call) throws(DiskError) -> [Substring] {
    try checkBelow(path, for: call)
    return try names(path, for: call)
  }

  /// Fails where `names` does, and takes nothing apart: a start opens tens of thousands of files.
  package static func check(_ path: String, for call: DiskError.Call) throws(DiskError) {
    if path.isEmpty { return }
    var length = 0
    var dots = 0
    func nameEnded() throws(DiskError) {
      if length == 0 || length == dots && dots <= 2 { throw DiskError(call: call, path: path, code: 22) }
      if length > longestName { throw DiskError(call: call, path: path, code: 36) }
    }
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "/"):
        try nameEnded()
        length = 0
        dots = 0
        continue
      case 0: throw DiskError(call: call, path: path, code: 22)
      case UInt8(ascii: "."): dots += 1
      default: break
      }
      length += 1
    }
    try nameEnded()
  }

  /// Fails where `namesBelow` does.
  package static func checkBelow(_ path: String, for call: DiskError.Call) throws(DiskError) {
    if path.isEmpty { throw DiskError(call: call, path: path, code: 22) }
    try check(path, for: call)
  }
}
