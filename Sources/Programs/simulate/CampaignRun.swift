import Glibc
import Machine
import Reactor
import Simulation
import Units

/// A campaign over a range of seeds: chunks go to all processors, and into one ledger.
struct CampaignRun {
  var seeds: ClosedRange<UInt64>
  var origin: CampaignLedger.Origin
  var ledgerPath: String?

  /// Seeds of a chunk: some ten seconds' work.
  private static let chunk: UInt64 = 50

  private struct Progress: Sendable {
    var report = Campaign.Report()
    var ledger: CampaignLedger
    var file: LedgerFile?
    var trouble: SystemError?
  }

  /// Runs what the ledger does not have yet; answers whether all of these sources went well, now and before.
  func run() throws(SystemError) -> Bool {
    let began = SystemClock().now()
    var file: LedgerFile?
    if let ledgerPath { file = try LedgerFile(path: ledgerPath) }
    let ledger = CampaignLedger(try file?.text() ?? "")
    let chunks = ledger.missing(seeds, tree: origin.tree, chunk: Self.chunk)
    let left = chunks.reduce(0) { $0 + $1.count }
    if left < seeds.count { Workers.say("\(seeds.count - left) seeds are in the ledger already") }
    let progress = Locked(Progress(ledger: ledger, file: file))
    try Workers.run(chunks.count) { work(chunks[$0], progress) }
    let end = progress.withLock { $0 }
    if let trouble = end.trouble { throw trouble }
    let seconds = Double(SystemClock().now().nanoseconds - began.nanoseconds) / 1e9
    let rate = Double(end.report.tally.crashPoints) / max(seconds, 0.001)
    Workers.say(end.report.tally.summary)
    for failure in end.report.failures { Workers.say(failure.text) }
    Workers.say("\(Int(seconds)) s, \(Int(rate)) crash points a second")
    if file != nil { Workers.say(end.ledger.sum(tree: origin.tree)) }
    return end.ledger.failed(tree: origin.tree).isEmpty
  }

  private func work(_ chunk: ClosedRange<UInt64>, _ progress: Locked<Progress>) {
    guard progress.withLock({ $0.trouble == nil }) else { return }
    let report = Campaign.run(seeds: chunk)
    let entry = CampaignLedger.Entry(seeds: chunk, report: report, origin: origin, date: Self.now())
    progress.withLock { progress in
      progress.report += report
      progress.ledger.add(entry)
      do throws(SystemError) { try progress.file?.append(entry.line) } catch { progress.trouble = error }
      let points = progress.report.tally.crashPoints
      Workers.say("seeds \(chunk.lowerBound)..\(chunk.upperBound) done, \(points) crash points so far")
      for failure in report.failures { Workers.say(failure.text) }
    }
  }

  private static func now() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}
