import Glibc

/// A file or folder that could not be read or written.
package struct FolderError: Error, CustomStringConvertible {
  package var path: String
  package var operation: String
  package var code: Int32

  package var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }
}

/// The files of one folder, as texts.
package enum SchemaFolder {
  /// The largest file read, in bytes.
  package static let maximumFileSize = 4 << 20

  /// The names in `folder`, sorted.
  package static func names(in folder: String) throws(FolderError) -> [String] {
    guard let handle = opendir(folder) else { throw FolderError(path: folder, operation: "list", code: errno) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// The text of the file at `path`.
  package static func read(_ path: String) throws(FolderError) -> String {
    guard let file = fopen(path, "r") else { throw FolderError(path: path, operation: "open", code: errno) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { break }
      bytes += part[..<count]
      guard bytes.count <= maximumFileSize else { throw FolderError(path: path, operation: "read", code: EFBIG) }
    }
    guard ferror(file) == 0 else { throw FolderError(path: path, operation: "read", code: errno) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes `text` to `path`, unless it is there already.
  package static func write(_ text: String, to path: String) throws(FolderError) {
    if let present = try? read(path), present == text { return }
    guard let file = fopen(path, "w") else { throw FolderError(path: path, operation: "open", code: errno) }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw FolderError(path: path, operation: "write", code: errno)
    }
  }

  /// The schema files of `folder`, by name.
  package static func sources(in folder: String) throws(FolderError) -> [(name: String, text: String)] {
    var sources: [(name: String, text: String)] = []
    for name in try names(in: folder) { sources.append((name, try read("\(folder)/\(name)"))) }
    return sources
  }
}
