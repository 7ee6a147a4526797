import Judge
import Testing
import Torture

/// A client that did nothing proves nothing, however clean its history is.
@Suite struct DutyTests {
  private static func options(_ more: String...) throws -> TortureOptions {
    try #require(TortureOptions(["--folder", "/tmp/x", "--seconds", "60"] + more))
  }

  /// A history in which each member did all of its duties once, but for `left` of `member`.
  private static func history(_ members: [Fleet.Member], without member: String = "", _ left: Event.Operation? = nil)
    throws -> History
  {
    var lines: [String] = []
    for (number, one) in members.enumerated() {
      for duty in one.duties where one.name != member || duty != left {
        let detail = duty == .committed || duty == .offset ? "g" : "-"
        lines.append("\(number + 1)\t\(number + 2)\t\(one.name)-\(number)\t\(duty)\tok\tin\t0\t0\t1\t1\t\(detail)")
      }
    }
    var history = History()
    try history.add(Array((lines.joined(separator: "\n") + "\n").utf8), file: "all.tsv")
    return history
  }

  @Test func whoDidAllDutiesIsNotIdle() throws {
    let options = try Self.options()
    let members = Fleet.members(withJava: false, rate: 100)
    #expect(TortureReport.idle(try Self.history(members), options) == [])
  }

  @Test func eachDutyOfEachMemberIsAskedFor() throws {
    let options = try Self.options()
    let members = Fleet.members(withJava: false, rate: 100)
    #expect(members.count > 8)
    for member in members {
      for duty in member.duties {
        let history = try Self.history(members, without: member.name, duty)
        #expect(TortureReport.idle(history, options) == [member.name], "\(member.name) \(duty)")
      }
    }
  }

  @Test func aRunOfLessThanAMinuteAsksForNothing() throws {
    let short = try #require(TortureOptions(["--folder", "/tmp/x", "--seconds", "59"]))
    #expect(TortureReport.idle(History(), short) == [])
    #expect(TortureReport.idle(History(), try Self.options()).count == Fleet.members(withJava: false, rate: 100).count)
  }

  @Test func optionsThatMakeNoRunAreRefused() {
    #expect(TortureOptions(["--seconds", "60"]) == nil, "no folder")
    #expect(TortureOptions(["--folder", "x", "--seconds", "0"]) == nil)
    #expect(TortureOptions(["--folder", "x", "--rate", "1"]) == nil)
    #expect(TortureOptions(["--folder", "x", "--against", "kafka"]) == nil, "Kafka without its libraries")
    #expect(TortureOptions(["--folder", "x", "--classes", "c"]) == nil, "classes without libraries")
    #expect(TortureOptions(["--folder", "x", "--classes", "c", "--libraries", "l", "--against", "kafka"]) != nil)
    #expect(TortureOptions(["--folder", "x", "--no-such-option", "1"]) == nil)
    #expect(TortureOptions(["--folder"]) == nil)
  }
}
