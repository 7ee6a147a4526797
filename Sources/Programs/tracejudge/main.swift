import Glibc
import TraceJudge

// Judges what strace wrote about a server, on standard input. One line of figures; exit 1 where an acknowledgement or a
// record left before the sync that covers it, 2 where the trace cannot be judged.
var judge = TraceJudge()
while let line = readLine() { judge.read(Array(line.utf8)[...]) }
let verdict = judge.verdict
print(
  "\(verdict.acknowledged) batches acknowledged, \(verdict.shown) shown to readers, \(verdict.journalWrites) journal "
    + "writes, \(verdict.syncs) syncs; \(verdict.early) too early")
for example in verdict.examples { print("  \(example)") }
for obstacle in verdict.obstacles.sorted() { print("cannot be judged: \(obstacle)") }
let isSilent = verdict.acknowledged == 0 || verdict.shown == 0
if isSilent { print("cannot be judged: nothing was acknowledged, or shown") }
if !verdict.obstacles.isEmpty || isSilent { exit(2) }
exit(verdict.isGood ? 0 : 1)
