import Glibc
import KafkaClient
import Terminal

// Loads a Kafka broker from one thread, with requests that cost it as little as can be; one line tells what it found.
do {
  print(try LoadModes.mode(Array(CommandLine.arguments.dropFirst())).run())
} catch let error as UsageError {
  print("loadgen: \(error)\n\n\(LoadModes.usage)")
  exit(64)
} catch let failure as LoadFailure {
  print("loadgen: \(failure.reason)")
  exit(1)
} catch {
  print("loadgen: \(error)")
  exit(1)
}
