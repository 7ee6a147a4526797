/// Cuts the output of strace into the beginnings and ends of calls, in the order in which they were seen. That order can be
/// relied on where it matters: a thread goes on from the begin or the end of a call only after strace has noted it, so
/// what happened because of it stands behind it.
package struct TraceReader {
  package enum Event: Equatable, Sendable {
    /// What is known before the system does anything.
    case entered(SystemCall)
    /// The call with all its arguments, and what it returned; nil where it has no number (`?`).
    case returned(SystemCall, result: Int?)
  }

  /// The beginnings of calls whose end has not been seen, by thread.
  private var begun: [Int: (name: String, arguments: [UInt8])] = [:]

  package init() {}

  /// The events of one line, without its newline; none where it tells of signals and ends of threads.
  package mutating func read(_ line: ArraySlice<UInt8>) -> [Event] {
    var rest = line
    guard let thread = Int(Self.word(&rest)), !Self.word(&rest).isEmpty else { return [] }
    let resumed = Array("<... ".utf8)
    if rest.starts(with: resumed) { return end(thread, rest.dropFirst(resumed.count)) }
    guard let open = rest.firstIndex(of: UInt8(ascii: "(")) else { return [] }
    let name = String(decoding: rest[..<open], as: UTF8.self)
    guard name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || $0 > 0x2f && $0 < 0x7b }) else { return [] }
    let arguments = rest[(open + 1)...]
    let unfinished = Array("<unfinished ...>".utf8)
    if arguments.suffix(unfinished.count).elementsEqual(unfinished) {
      let known = arguments.dropLast(unfinished.count)
      begun[thread] = (name, Array(known))
      return [.entered(SystemCall(thread: thread, name: name, arguments: known))]
    }
    guard let (whole, result) = Self.parts(arguments) else { return [] }
    let call = SystemCall(thread: thread, name: name, arguments: whole)
    return [.entered(call), .returned(call, result: result)]
  }

  private mutating func end(_ thread: Int, _ text: ArraySlice<UInt8>) -> [Event] {
    guard let start = begun.removeValue(forKey: thread), let mark = text.firstIndex(of: UInt8(ascii: ">")),
      let (rest, result) = Self.parts(text[(mark + 1)...])
    else { return [] }
    let arguments = start.arguments + rest
    return [.returned(SystemCall(thread: thread, name: start.name, arguments: arguments[...]), result: result)]
  }

  /// The arguments and the result of `arguments) = result`. The last such bracket counts: texts are escaped.
  private static func parts(_ text: ArraySlice<UInt8>) -> (arguments: ArraySlice<UInt8>, result: Int?)? {
    let mark = Array(") ".utf8)
    var at = text.endIndex - 1
    while at >= text.startIndex {
      if text[at] == UInt8(ascii: "="), let bracket = text[..<at].lastIndex(of: mark[0]),
        text[(bracket + 1)..<at].allSatisfy({ $0 == mark[1] })
      {
        let result = text[(at + 1)...].drop { $0 == mark[1] }
        let number = result.prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
        return (text[..<bracket], Int(String(decoding: number, as: UTF8.self)))
      }
      at -= 1
    }
    return nil
  }

  private static func word(_ text: inout ArraySlice<UInt8>) -> String {
    text = text.drop { $0 == UInt8(ascii: " ") }
    let word = text.prefix { $0 != UInt8(ascii: " ") }
    text = text.dropFirst(word.count).drop { $0 == UInt8(ascii: " ") }
    return String(decoding: word, as: UTF8.self)
  }
}
