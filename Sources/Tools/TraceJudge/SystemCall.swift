/// A system call as a line of strace shows it (`-f -ttt -yy -xx -v`), or the half of it that is known when it begins.
package struct SystemCall: Equatable, Sendable {
  package var thread: Int
  package var name: String
  /// The first argument where that is a descriptor: its number, and the file or socket behind it.
  package var descriptor: Int?
  package var file = ""
  /// All strings among the arguments, one after the other: what is written, read, or the path that is opened.
  package var payload: [UInt8] = []
  /// A string was longer than strace shows.
  package var isTruncated = false
  /// The arguments behind the last string, or all of them where there is none.
  package var tail = ""

  /// The arguments of the call `name`, as far as they are known.
  init(thread: Int, name: String, arguments: ArraySlice<UInt8>) {
    self.thread = thread
    self.name = name
    var rest = arguments
    takeDescriptor(&rest)
    takeStrings(&rest)
    tail = String(decoding: rest, as: UTF8.self)
  }

  /// The numbers and words behind the strings and the brackets that hold them.
  var lastArguments: [String] {
    let text = tail.lastIndex(of: "]").map { tail[tail.index(after: $0)...] } ?? tail[...]
    return text.split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
  }

  /// Of a `sendfile`: the file that is sent from, and where in it the call began.
  var sentFile: (path: String, position: Int)? {
    var rest = tail.utf8.drop { $0 != UInt8(ascii: "<") }.dropFirst()
    let path = rest.prefix { $0 != UInt8(ascii: ">") }
    rest = rest.dropFirst(path.count).drop { $0 != UInt8(ascii: "[") }.dropFirst()
    guard let position = Int(String(decoding: rest.prefix { $0 != UInt8(ascii: "]") }, as: UTF8.self)) else {
      return nil
    }
    return (String(decoding: Self.unescaped(Array(path)[...]), as: UTF8.self), position)
  }

  private mutating func takeDescriptor(_ rest: inout ArraySlice<UInt8>) {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let behind = rest.dropFirst(digits.count)
    guard let number = Int(String(decoding: digits, as: UTF8.self)), behind.first == UInt8(ascii: "<") else { return }
    // A socket's name holds an arrow between its two addresses, in brackets.
    var depth = 0
    let end = behind.dropFirst().firstIndex { byte in
      if byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: "]") { depth -= 1 }
      return depth == 0 && byte == UInt8(ascii: ">")
    }
    guard let end else { return }
    descriptor = number
    file = String(decoding: Self.unescaped(behind[(behind.startIndex + 1)..<end]), as: UTF8.self)
    rest = behind[(end + 1)...]
  }

  private mutating func takeStrings(_ rest: inout ArraySlice<UInt8>) {
    let quote = UInt8(ascii: "\"")
    while let start = rest.firstIndex(of: quote), let end = rest[(start + 1)...].firstIndex(of: quote) {
      payload += Self.unescaped(rest[(start + 1)..<end])
      rest = rest[(end + 1)...]
      if rest.prefix(3).elementsEqual("...".utf8) { isTruncated = true }
    }
  }

  /// With `-xx` every byte is two hexadecimal digits behind `\x`, and neither quotes nor brackets are left in between.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4)
    var at = text.startIndex
    while at < text.endIndex {
      if at + 3 < text.endIndex, text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "x"),
        let high = digit(text[at + 2]), let low = digit(text[at + 3])
      {
        bytes.append(high << 4 | low)
        at += 4
      } else {
        bytes.append(text[at])
        at += 1
      }
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
