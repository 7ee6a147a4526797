import Glibc

/// Folders on disk.
enum FolderTree {
  /// Removes `path` and all below it.
  static func remove(_ path: String) {
    visit(path) { child, isFolder in
      if isFolder { remove(child) } else { unlink(child) }
    }
    rmdir(path)
  }

  /// Removes the files below `path` whose names end with `ending`. Answers how many.
  static func removeFiles(below path: String, endingWith ending: String) -> Int {
    var count = 0
    visit(path) { child, isFolder in
      if isFolder {
        count += removeFiles(below: child, endingWith: ending)
      } else if child.hasSuffix(ending), unlink(child) == 0 {
        count += 1
      }
    }
    return count
  }

  /// Bytes that the files below `path` take on disk.
  static func diskBytes(below path: String) -> Int {
    var bytes = 0
    visit(path) { child, isFolder in
      var facts = stat()
      if isFolder {
        bytes += diskBytes(below: child)
      } else if lstat(child, &facts) == 0 {
        bytes += facts.st_blocks * 512
      }
    }
    return bytes
  }

  private static func visit(_ path: String, _ body: (String, _ isFolder: Bool) -> Void) {
    guard let stream = opendir(path) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard name != ".", name != ".." else { continue }
      body("\(path)/\(name)", Int32(entry.pointee.d_type) == Int32(DT_DIR))
    }
  }
}
