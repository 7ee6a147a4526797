import Testing
import VectorCheck

@Suite struct VectorTests {
  @Test func ownVectorsPass() throws {
    let file = try #require(VectorFile(path: PackageFolder.sample))
    let tally = file.check { Issue.record("\($0)") }
    #expect(tally.passed >= 150)
    #expect(tally.failed == 0)
  }

  @Test(.enabled(if: VectorFile(path: PackageFolder.shared) != nil, "only where the vectors lie beside the package"))
  func vectorsBesideThePackagePass() throws {
    let file = try #require(VectorFile(path: PackageFolder.shared))
    let tally = file.check { Issue.record("\($0)") }
    #expect(tally.passed > 2000)
    #expect(tally.failed == 0)
  }

  @Test func ownRecordBatchesPass() throws {
    let file = try #require(VectorFile(path: PackageFolder.batches))
    let tally = file.check { Issue.record("\($0)") }
    #expect(tally.passed >= 12 && tally.failed == 0)
  }

  @Test(arguments: [
    (#""base_offset":"#, #""base_offset":1"#), (#""transactional":false"#, #""transactional":true"#),
    (#""offset":"#, #""offset":1"#), (#""key":""#, #""key":"00"#), (#""crc":"#, #""crc":1"#),
  ])
  func aSpoiledRecordBatchIsFound(part: String, replacement: String) throws {
    let file = try #require(VectorFile(path: PackageFolder.batches))
    let line = try #require(file.lines.first { $0.contains(part) })
    let spoiled = String(line).replacing(part, with: replacement)
    #expect(RecordBatchCheck.problem(with: try JSONParser.parse(line)) == nil)
    #expect(RecordBatchCheck.problem(with: try JSONParser.parse(spoiled)) != nil)
  }

  private static let good = """
    {"api":"Heartbeat","key":12,"kind":"request","version":0,"header":1,"hex":"0001610000000700016d",\
    "json":{"groupId":"a","generationId":7,"memberId":"m"}}
    """

  @Test func aGoodVectorHasNoProblem() throws {
    #expect(MessageCheck.problem(with: try JSONParser.parse(Self.good)) == nil)
  }

  @Test(arguments: [
    (#""generationId":7"#, #""generationId":8"#, "decoded differently"),
    (#""memberId":"m""#, #""memberId":null"#, "decoded differently"),
    (#""memberId":"m""#, #""memberId":"m","extra":1"#, "no such field"),
    (#""0001610000000700016d""#, #""0001610000000700016d00""#, "trailingBytes"),
    (#""0001610000000700016d""#, #""000161000000070001""#, "truncated"),
    (#""header":1"#, #""header":2"#, "header version"),
    (#""version":0"#, #""version":99"#, "header version"),
    (#""key":12"#, #""key":13"#, "API 13 is LeaveGroup"),
    (#""key":12"#, #""key":999"#, "unknown API"),
  ])
  func aSpoiledVectorIsFound(part: String, replacement: String, problem: String) throws {
    let spoiled = Self.good.replacing(part, with: replacement)
    #expect(spoiled != Self.good)
    let found = MessageCheck.problem(with: try JSONParser.parse(spoiled))
    #expect(found?.contains(problem) == true, "\(found ?? "nothing")")
  }

  @Test func jsonKeepsWholeNumbersAndRefusesNonsense() throws {
    #expect(
      try JSONParser.parse("[-9223372036854775808, 1.5, \"\\u00e9\\ud83d\\ude00\\n\"]").array == [
        .integer(.min), .number(1.5), .string("é😀\n"),
      ])
    for text in ["", "{", "[1,]", "tru", "\"\\u12\"", "1 2", String(repeating: "[", count: 1000)] {
      #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    }
  }

  @Test func bytesAndTheirTexts() {
    #expect(bytes(hexadecimal: "00fF10") == [0, 255, 16])
    #expect(bytes(hexadecimal: "0") == nil && bytes(hexadecimal: "0g") == nil)
    #expect(hexadecimal([0, 255, 16]) == "00ff10")
    #expect(base64([]) == "" && base64([0xFF]) == "/w==" && base64([1, 2]) == "AQI=" && base64([1, 2, 3]) == "AQID")
  }
}
