import Foundation

/// Where the programs are that these tests start.
enum Tools {
  /// The package's folder.
  static let package: String = {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
  }()

  private static let environment = ProcessInfo.processInfo.environment

  /// The binary of this very build, and the driver of torture.
  static let millrace = program("millrace")
  static let torture = program("torture")

  /// A program of this build: it lies beside the tests.
  private static func program(_ name: String) -> String {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// An interpreter with the Python clients; nil where they are not installed.
  static let python: String? = existing(environment["MILLRACE_CLIENTS"] ?? package + "/.build/clients/bin/python")

  private static let kafkaHome = environment["KAFKA_HOME"] ?? package + "/../shared/kafka"

  /// The script that runs Kafka's own tools; nil where there is none.
  static let kafka: String? = existing(kafkaHome + "/kafka")

  /// The compiler for our own Java clients; nil where it or Kafka's client libraries are missing.
  static let javac: String? =
    kafka == nil ? nil : ["/usr/bin/javac", "/usr/local/bin/javac"].compactMap(existing).first

  static let hasKcat = ["/usr/bin/kcat", "/usr/local/bin/kcat"].contains { existing($0) != nil }

  static let strace = ["/usr/bin/strace", "/usr/local/bin/strace"].compactMap { existing($0) }.first

  static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].compactMap { existing($0) }.first

  /// How often the server is killed under load.
  static let killCycles = environment["MILLRACE_KILL_CYCLES"].flatMap { Int($0) } ?? 3

  /// Whether tests may take long.
  static let isThorough = environment["MILLRACE_KILLED_CALLS"] != nil
  /// At how many calls of each kind the server is killed.
  static let killedCalls = environment["MILLRACE_KILLED_CALLS"].flatMap { Int($0) } ?? 2

  private static func existing(_ path: String) -> String? {
    FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// The command for a script of `clients`.
  static func client(_ script: String, _ arguments: [String]) throws -> [String] {
    guard let python else { throw ChildFailure("no Python clients") }
    return [python, "\(package)/Tests/EndToEnd/clients/\(script).py"] + arguments
  }

  /// The command for one of Kafka's own tools.
  static func java(_ tool: String, _ arguments: [String]) throws -> [String] {
    guard let kafka else { throw ChildFailure("no Kafka") }
    return [kafka, "run", tool] + arguments
  }

  /// Compiles the Java clients; gives the folder of their classes.
  static func compileJava(_ scratch: Scratch) throws -> String {
    guard let javac else { throw ChildFailure("no Java compiler") }
    let (sources, classes) = ("\(package)/Tests/EndToEnd/clients/java", scratch.newPath("classes"))
    let files = try Scratch.files(below: sources, suffix: ".java")
    let outcome = try run(
      [javac, "-Xlint:all", "-Werror", "-cp", kafkaHome + "/libs/*", "-d", classes] + files, seconds: 120,
      scratch: scratch)
    guard outcome.code == 0 else { throw ChildFailure("javac: \(outcome.output)\(outcome.errors)") }
    return classes
  }

  /// The command for a Java client that `compileJava` has compiled.
  static func program(_ name: String, _ arguments: [String], classes: String, heap: String) -> [String] {
    [
      "java", "-Xmx\(heap)", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
      "-Dlog4j2.configurationFile=\(kafkaHome)/log4j2.xml", "-cp", "\(classes):\(kafkaHome)/libs/*", name,
    ] + arguments
  }
}
