import ByteCodec
import Glibc
import Terminal
import Testing

@Suite struct FormattingTests {
  private func member(_ bytes: [UInt8]?) -> String {
    var text: [UInt8] = []
    if let bytes {
      bytes.withUnsafeBytes { JSONText.append(member: "v", bytes: $0, to: &text) }
    } else {
      JSONText.append(member: "v", bytes: nil, to: &text)
    }
    return String(decoding: text, as: UTF8.self)
  }

  @Test func writesJSON() {
    let value = JSONText.object([
      ("a", .array([.number(-1), .bool(true), .null])), ("b", .string("q\"\\\n\u{1}é")), ("c", .optional(nil)),
    ])
    #expect(value.line == #"{"a":[-1,true,null],"b":"q\"\\\n\u0001é","c":null}"#)
  }

  @Test func marksBytesThatAreNoText() {
    #expect(member(Array("é".utf8)) == #""v":"é""#)
    #expect(member(nil) == #""v":null"#)
    #expect(member([]) == #""v":"""#)
    #expect(member([0xFF]) == #""v_base64":"/w==""#)
    #expect(member([0xFF, 0xFE]) == #""v_base64":"//4=""#)
    #expect(member([0xFF, 0xFE, 0xFD]) == #""v_base64":"//79""#)
  }

  @Test func writesNumbers() {
    #expect(NumberText.grouped(0) == "0")
    #expect(NumberText.grouped(999) == "999")
    #expect(NumberText.grouped(-1_234_567) == "-1,234,567")
    #expect(NumberText.bytes(1023) == "1023 B")
    #expect(NumberText.bytes(1536) == "1.5 KiB")
    #expect(NumberText.bytes(3 << 30) == "3.0 GiB")
    #expect(NumberText.counted(1, "record") == "1 record")
    #expect(NumberText.oneDecimal(-0.25) == "-0.3")
    #expect(NumberText.oneDecimal(.infinity) == "-")
  }

  @Test func alignsTables() {
    var table = TextTable(["NAME", "N"], rightAligned: [1])
    table.add(["a", "100"])
    table.add(["longer", "1"])
    #expect(table.text == "NAME      N\na       100\nlonger    1\n")
  }

  @Test func guessesCommands() {
    #expect(Spelling.nearest(to: "prodcue", in: ["produce", "consume"]) == "produce")
    #expect(Spelling.nearest(to: "cons", in: ["produce", "consume"]) == "consume")
    #expect(Spelling.nearest(to: "x", in: ["produce", "consume"]) == nil)
  }

  @Test func readsLinesFromAPipe() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    let lines = LineSource(ends[0])
    #expect(text(lines.next(waitMs: 0)) == "(pause)")
    for part in ["a\n\nlo", "ng\nlast"] {
      #expect(part.utf8.count == write(ends[1], part, part.utf8.count))
      if part.hasPrefix("a") {
        #expect(text(lines.next(waitMs: 0)) == "a")
        #expect(text(lines.next(waitMs: 0)) == "")
        #expect(text(lines.next(waitMs: 0)) == "(pause)")
      }
    }
    close(ends[1])
    #expect(text(lines.next(waitMs: -1)) == "long")
    #expect(text(lines.next(waitMs: -1)) == "last")
    #expect(text(lines.next(waitMs: -1)) == "(end)")
  }

  private func text(_ event: LineSource.Event) -> String {
    switch event {
    case .line(let line): String(decoding: line.copy(), as: UTF8.self)
    case .pause: "(pause)"
    case .end: "(end)"
    case .tooLong: "(too long)"
    case .failed(let reason): "(failed: \(reason))"
    }
  }
}
