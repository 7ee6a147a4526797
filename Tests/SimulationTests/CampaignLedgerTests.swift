import Simulation
import Testing

/// What campaigns for the record remember, and what a kill may leave of it.
@Suite struct CampaignLedgerTests {
  private let origin = CampaignLedger.Origin(commit: "c0ffee", tree: "abcd", machine: "a machine, 2 cores")

  private func line(_ seeds: ClosedRange<UInt64>, failed: [UInt64] = [], tree: String = "abcd") -> String {
    var report = Campaign.Report()
    report.tally.crashPoints = 40 * seeds.count
    report.tally.operations = 1_000
    report.tally.simulatedMs = 3_600_000
    report.failures = failed.map { Campaign.Failure(seed: $0, reason: "because") }
    var other = origin
    other.tree = tree
    return CampaignLedger.Entry(seeds: seeds, report: report, origin: other, date: "2026-11-28T12:00:00Z").line
  }

  @Test func anEntryIsReadAsItWasWritten() throws {
    let ledger = CampaignLedger(line(11...20, failed: [12, 17]) + "\n")
    let entry = try #require(ledger.entries.first)
    #expect(entry.seeds == 11...20 && entry.crashPoints == 400 && entry.operations == 1_000)
    #expect(
      entry.failed == [12, 17] && entry.origin.commit == "c0ffee" && entry.origin.machine == "a_machine,_2_cores")
    #expect(entry.line == line(11...20, failed: [12, 17]))
    #expect(
      ledger.sum(tree: "abcd").contains("400 crash points, 1000 operations, 1 simulated hours, 10 seeds, 2 failed"))
    #expect(ledger.failed(tree: "abcd") == [12, 17] && ledger.failed(tree: "other").isEmpty)
  }

  @Test func onlyWholeLinesCount() {
    let whole = line(1...10)
    for length in 0..<whole.utf8.count {
      #expect(CampaignLedger(String(decoding: Array(whole.utf8.prefix(length)), as: UTF8.self)).entries.isEmpty)
    }
    #expect(CampaignLedger(whole.replacing("points=400", with: "points=900")).entries.isEmpty)
    #expect(CampaignLedger(String(whole.prefix(30)) + "\n" + whole + "\n").entries.count == 1)
  }

  @Test func whatIsDoneIsNotDoneAgain() {
    let text = [line(11...20), line(31...40), line(35...50), line(1...100, tree: "other")].joined(separator: "\n")
    let ledger = CampaignLedger(text)
    #expect(ledger.missing(1...60, tree: "abcd", chunk: 7) == [1...7, 8...10, 21...27, 28...30, 51...57, 58...60])
    #expect(ledger.missing(12...18, tree: "abcd", chunk: 7) == [])
    #expect(ledger.missing(15...33, tree: "abcd", chunk: 100) == [21...30])
    #expect(ledger.missing(1...100, tree: "third", chunk: 1_000) == [1...100])
  }

  @Test func seedsAreReadAsTheyAreWritten() {
    #expect(SeedRange.parse("5") == 5...5 && SeedRange.parse("1..250") == 1...250)
    for wrong in ["", "..", "3..", "..3", "9..3", "a..b", "1...3", "-1..3", "0..18446744073709551615"] {
      #expect(SeedRange.parse(wrong) == nil)
    }
  }
}
