import CLinux
import Glibc

/// Sends bytes to a port of this machine and reads until the peer closes.
package enum HTTPClient {
  package static func exchange(_ address: String, _ request: String) throws -> String {
    guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw FixtureFailure("no port in '\(address)'")
    }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = port.bigEndian
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw FixtureFailure("connect to \(address): errno \(errno)") }
    var text = request
    text.withUTF8 { _ = send(descriptor, $0.baseAddress, $0.count, LINUX_MSG_NOSIGNAL) }
    var answer: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &room, room.count, 0)
      if count <= 0 { break }
      answer += room[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }

  package static func get(_ address: String, _ path: String, host: String? = nil, method: String = "GET") throws
    -> String
  {
    let host = (host ?? address).isEmpty ? "" : "Host: \(host ?? address)\r\n"
    return try exchange(address, "\(method) \(path) HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
  }
}

extension String {
  package var statusLine: Substring { prefix { $0 != "\r\n" } }
}
