import Coordination
import Testing

@Suite struct PatternTests {
  private func pattern(_ text: String) -> TopicPattern? {
    do throws(TopicPattern.Invalid) {
      return try TopicPattern(text)
    } catch {
      #expect(!error.reason.isEmpty)
      return nil
    }
  }

  @Test func theWholeNameMustMatch() throws {
    let orders = try #require(pattern("orders|pay.*"))
    #expect(orders.matches("orders"))
    #expect(orders.matches("payments"))
    #expect(!orders.matches("orders2"))
    #expect(!orders.matches("my-orders"))
    #expect(!orders.matches(""))
  }

  @Test(arguments: ["(", "[a", "a**", "(?<x", "\\1", "a{1001}", "(?=a)"])
  func whatRE2DoesNotKnowIsRefused(text: String) {
    #expect(pattern(text) == nil)
  }

  @Test func lengthAndMemoryAreBounded() {
    #expect(pattern(String(repeating: "a", count: TopicPattern.lengthLimit)) != nil)
    #expect(pattern(String(repeating: "a", count: TopicPattern.lengthLimit + 1)) == nil)
    #expect(pattern("((a{100}){100}){100}") == nil)
  }

  /// A backtracking engine would not come back from this.
  @Test func aHostilePatternTakesNoTime() throws {
    let hostile = try #require(pattern("(a*)*b"))
    #expect(!hostile.matches(String(repeating: "a", count: 249)))
  }

  @Test func workAnswersForEachPattern() {
    let work = PatternWork(group: "g", patterns: ["a.", "(", ".*"])
    let names = ["ab", "b", "__consumer_offsets", "aa"]
    let matches = work.run(on: names).matches
    #expect(matches.map(\.pattern) == ["a.", "(", ".*"])
    #expect(matches.map(\.topics) == [["aa", "ab"], [], ["aa", "ab", "b"]])
    #expect(work.run(on: names) == work.run(on: names.reversed()))
  }
}
