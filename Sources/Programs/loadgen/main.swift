import Glibc

// Produces to a Kafka broker as fast as it answers, from requests that were encoded before; one line tells the rates, the
// times from a request to its answer, and with --pid the server's processor time. A closed loop: for the times at a given
// rate, look elsewhere.
guard let plan = LoadPlan(Array(CommandLine.arguments.dropFirst())) else {
  print(LoadPlan.usage)
  exit(64)
}
do {
  print(try LoadRun(plan).run())
} catch let failure as LoadFailure {
  print("loadgen: \(failure.reason)")
  exit(1)
} catch {
  print("loadgen: \(error)")
  exit(1)
}
