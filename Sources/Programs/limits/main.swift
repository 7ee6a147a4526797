import Glibc
import Limits

// Starts the release server on a fresh folder, takes it to one of its limits while a well-behaved client measures, and
// says which bounds held. Exit code 1: one did not.
let words = Array(CommandLine.arguments.dropFirst())
guard let name = words.first, let scenario = Scenario.all.first(where: { $0.name == name }),
  let options = scenario.options(words.dropFirst())
else {
  print(Scenario.usage)
  exit(64)
}
do {
  let run = try LimitRun(options)
  run.tell("limits \(scenario.name): \(scenario.summary)")
  try scenario.body(run)
  exit(run.finish() ? 0 : 1)
} catch {
  print("limits \(scenario.name): \(error)")
  exit(1)
}
