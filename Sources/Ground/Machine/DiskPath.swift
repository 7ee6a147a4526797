/// The form of the paths a `Disk` takes: names joined by `/`, below the data folder, never leaving it.
package enum DiskPath {
  /// Longest name in a path, in bytes, as Linux file systems have it.
  package static let longestName = 255

  /// The names in `path`; none for "", which is the data folder itself.
  ///
  /// Fails with EINVAL for an empty name, `.`, `..` or a NUL byte, with ENAMETOOLONG for a name over `longestName`.
  package static func names(_ path: String, for call: DiskError.Call) throws(DiskError) -> [Substring] {
    if path.isEmpty { return [] }
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    for name in names {
      if name.isEmpty || name == "." || name == ".." || name.utf8.contains(0) {
        throw DiskError(call: call, path: path, code: 22)
      }
      if name.utf8.count > longestName { throw DiskError(call: call, path: path, code: 36) }
    }
    return names
  }

  /// Like `names`, but refuses the data folder itself with EINVAL: for calls that act on a name within it.
  package static func namesBelow(_ path: String, for call: DiskError.Call) throws(DiskError) -> [Substring] {
    let names = try names(path, for: call)
    if names.isEmpty { throw DiskError(call: call, path: path, code: 22) }
    return names
  }
}
