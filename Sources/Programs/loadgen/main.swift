import Glibc
import Load
import Terminal

// Loads a Kafka broker from one thread, with requests that cost it as little as can be; one line tells what it found.
do {
  print(try LoadModes.run(Array(CommandLine.arguments.dropFirst())))
} catch let error as UsageError {
  print("loadgen: \(error)\n\n\(LoadModes.usage)")
  exit(64)
} catch {
  print("loadgen: \(error)")
  exit(1)
}
