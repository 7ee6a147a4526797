import Glibc

/// A file descriptor that closes itself.
final class Descriptor: Sendable {
  struct Failure: Error { var code: Int32 }

  let number: Int32

  /// How many the process may have now.
  static var limit: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  private init(_ number: Int32) { self.number = number }

  // After EINTR Linux has closed it all the same; a second close could hit another file.
  deinit { close(number) }

  /// Opens `path` relative to `folder`; new files get mode 0600. Always with O_CLOEXEC.
  static func open(at folder: Int32, _ path: String, _ flags: Int32) -> Result<Descriptor, Failure> {
    number(at: folder, path, flags).map(Descriptor.init)
  }

  /// Likewise, for a caller that closes it.
  static func number(at folder: Int32, _ path: String, _ flags: Int32) -> Result<Int32, Failure> {
    while true {
      let number = openat(folder, path, flags | O_CLOEXEC, 0o600)
      if number >= 0 { return .success(number) }
      if errno != EINTR { return .failure(Failure(code: errno)) }
    }
  }
}
