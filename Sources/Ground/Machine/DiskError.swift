/// A file call that failed: which, on what, and the system's reason.
package struct DiskError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Call: String, Sendable, CaseIterable {
    case open, makeDirectory, syncDirectory, rename, remove, removeDirectory, list, space, lock
    case read, write, sync, size, truncate, reserve
  }

  package var call: Call
  package var path: String
  /// The system's error number, or `powerCut` after a simulated cut.
  package var code: Int32

  package init(call: Call, path: String, code: Int32) {
    self.call = call
    self.path = path
    self.code = code
  }

  /// What a simulated disk answers to every call after the power went: no errno has this number.
  package static let powerCut: Int32 = -1

  package var isPowerCut: Bool { code == Self.powerCut }
  /// ENOSPC or EDQUOT: the disk is full, which heals.
  package var isFull: Bool { code == 28 || code == 122 }
  /// EMFILE or ENFILE: no descriptor is left, which heals.
  package var isOutOfDescriptors: Bool { code == 23 || code == 24 }
  /// EIO.
  package static let inputOutput: Int32 = 5
  /// EEXIST.
  package static let exists: Int32 = 17
  /// ENOENT.
  package var isMissing: Bool { code == 2 }

  package var description: String { "\(call.rawValue) of '\(path)' failed: \(Self.reason(code))" }

  /// The error number in words.
  static func reason(_ code: Int32) -> String {
    switch code {
    case powerCut: "the power is cut"
    case 2: "no such file or folder (ENOENT)"
    case 5: "input/output error (EIO)"
    case 13: "permission denied (EACCES)"
    case 17: "it exists (EEXIST)"
    case 20: "not a folder (ENOTDIR)"
    case 21: "it is a folder (EISDIR)"
    case 22: "a path or number that makes no sense (EINVAL)"
    case 23, 24: "too many open files (\(code == 24 ? "EMFILE" : "ENFILE")); raise the limit of descriptors"
    case 28: "no space left on the disk (ENOSPC)"
    case 30: "the file system is read-only (EROFS)"
    case 36: "the name is too long (ENAMETOOLONG)"
    case 39: "the folder is not empty (ENOTEMPTY)"
    case 40: "it is a symbolic link, which is not followed (ELOOP)"
    case 122: "the disk quota is used up (EDQUOT)"
    default: "errno \(code)"
    }
  }
}
