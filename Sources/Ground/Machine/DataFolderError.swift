/// Why a data folder cannot be used, and what to do about it.
package enum DataFolderError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The folder could not be made, opened or examined: the system's reason is `code`.
  case unusable(path: String, code: Int32)
  case notAFolder(path: String)
  case isLink(path: String)
  case ownedByAnother(path: String, owner: UInt32, self: UInt32)
  case othersMayWrite(path: String, mode: UInt32)

  package var description: String {
    switch self {
    case .unusable(let path, let code):
      let hint =
        code == 2
        ? "make the folder above it first" : "check the path, its owner and its rights, or name another folder"
      return "the data folder '\(path)' cannot be used: \(DiskError.reason(code)); \(hint)"
    case .notAFolder(let path):
      return "'\(path)' is not a folder; move it away or name another data folder"
    case .isLink(let path):
      return "the data folder '\(path)' is a symbolic link; name the folder it leads to"
    case .ownedByAnother(let path, let owner, let own):
      return "the data folder '\(path)' belongs to user \(owner), and this program runs as user \(own); "
        + "run it as the owner, or give the folder to it: chown -R \(own) '\(path)'"
    case .othersMayWrite(let path, let mode):
      return "others may write to the data folder '\(path)' (mode \(String(mode, radix: 8))); "
        + "take that right away: chmod 700 '\(path)'"
    }
  }
}
