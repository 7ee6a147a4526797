import Glibc
import Judge
import Torture

// Foreign clients go on while the server is killed, paused and cut off; what they saw is recorded and judged. The exit
// code is 1 when the history, or the judge, is condemned.
Signals.block()
let arguments = Array(CommandLine.arguments.dropFirst())

/// Prints the verdict on a history, and the proof of the judge where that is clean; whether all is well.
func judged(_ history: History) -> Bool {
  let verdict = Judge.judge(history)
  print("\n\(TortureReport.text(verdict))")
  guard !verdict.isCondemned else { return false }
  let (proved, misses) = HistoryFolder.prove(history)
  for miss in misses { print("NOT PROVED: \(miss)") }
  print("the judge on this history with a defect put into it: \(proved) of \(Mutation.all.count) named")
  return misses.isEmpty
}

do {
  switch arguments.first {
  case "judge" where arguments.count == 2: exit(judged(try HistoryFolder.read(arguments[1])) ? 0 : 1)
  case "run":
    guard let options = TortureOptions(Array(arguments.dropFirst())) else { fallthrough }
    let report = try TortureRun(options).run()
    let history = try HistoryFolder.read(options.folder + "/history")
    print(report.text(history))
    let isClean = judged(history) && report.deaths.isEmpty && report.idle(history).isEmpty
    print(
      isClean ? "ok" : "CONDEMNED; the same faults again with seed \(options.seed), the history is in \(options.folder)"
    )
    exit(isClean ? 0 : 1)
  default:
    print(TortureOptions.usage)
    exit(64)
  }
} catch {
  print("torture: \(error)")
  exit(2)
}
