import Glibc
import Reactor

/// The few things this program does with files and ports.
enum Files {
  static func makeFolder(_ path: String) throws(SystemError) {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw SystemError(call: "mkdir of \(path)", code: errno) }
  }

  static func write(_ text: String, to path: String) throws(SystemError) {
    let number = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard number >= 0 else { throw SystemError(call: "open of \(path)", code: errno) }
    defer { close(number) }
    let bytes = Array(text.utf8)
    guard bytes.withUnsafeBytes({ Glibc.write(number, $0.baseAddress, $0.count) }) == bytes.count else {
      throw SystemError(call: "write to \(path)", code: errno)
    }
  }

  static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let number = open(path, O_RDONLY)
    guard number >= 0 else { throw SystemError(call: "open of \(path)", code: errno) }
    defer { close(number) }
    var bytes = [UInt8](repeating: 0, count: size(path))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(number, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      guard count >= 0 else { throw SystemError(call: "read of \(path)", code: errno) }
      if count == 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }

  /// In bytes; 0 where there is no such file.
  static func size(_ path: String) -> Int {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
  }

  /// The names in `folder` that end with `ending`, sorted.
  static func names(in folder: String, ending: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(ending) { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether somebody listens on a port of 127.0.0.1.
  static func connects(to port: UInt16) -> Bool {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { return false }
    defer { close(number) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
