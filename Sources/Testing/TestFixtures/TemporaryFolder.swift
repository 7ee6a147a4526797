import Glibc
import Machine

/// A folder of its own for one test, removed with all it holds.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/millrace-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    guard let made else { throw FixtureFailure("no folder below \(base): errno \(errno)") }
    path = String(cString: made)
  }

  deinit {
    do {
      let disk = try POSIXDisk(path: path)
      try Self.clear("", of: disk)
      rmdir(path)
    } catch {
      print("the folder of a test stays: \(error)")
    }
  }

  private static func clear(_ folder: String, of disk: POSIXDisk) throws {
    for entry in try disk.list(folder) {
      let path = folder.isEmpty ? entry.name : folder + "/" + entry.name
      if entry.isDirectory {
        try clear(path, of: disk)
        try disk.removeDirectory(path)
      } else {
        try disk.remove(path)
      }
    }
  }
}
