import Terminal

/// All commands, and what is done with a command line.
enum CommandTable {
  /// In the order in which help lists them.
  static let all: [Command] = [
    .serve, .topic, .produce, .consume, .group, .lag, .explain, .transaction, .verify, .repair, .backup, .restore,
    .dump, .doctor, .config, .version,
  ]

  /// What `millrace` does when nothing is asked of it.
  static let standard = Command.welcome

  /// Runs the command that `arguments` (those behind the program's name) ask for. Returns the process's exit code.
  static func run(_ arguments: [String]) -> Int32 {
    guard let first = arguments.first else { return standard.run([]) }
    let rest = Array(arguments.dropFirst())
    switch first {
    case "help": return help(rest)
    case "--help", "-h": return Command.show(overview)
    case "--version": return Command.version.run([])
    default: break
    }
    if let command = all.first(where: { $0.name == first }) { return command.run(rest) }
    if first.hasPrefix("-") {
      ErrorOutput.say("options stand behind a command, and '\(first)' is none\nSee `millrace help`.")
    } else {
      let nearest = Spelling.nearest(to: first, in: all.map(\.name)).map { "; did you mean `millrace \($0)`?" } ?? ""
      ErrorOutput.say("there is no command '\(first)'\(nearest)\nSee `millrace help`.")
    }
    return ExitCode.usage.rawValue
  }

  /// `millrace help`, `millrace help NAME`, `millrace help topic create`.
  private static func help(_ words: [String]) -> Int32 {
    guard let name = words.first else { return Command.show(overview) }
    guard let command = all.first(where: { $0.name == name }) else { return run([name]) }
    return words.count == 1 ? Command.show(command.help) : command.run(Array(words.dropFirst()) + ["--help"])
  }

  private static var overview: String {
    let width = all.reduce(0) { max($0, $1.name.count) } + 2
    let rows = all.map { command in
      "  \(command.name)\(String(repeating: " ", count: width - command.name.count))\(command.summary)"
    }
    return """
      Millrace: a durable event log for one machine that Kafka clients use unchanged.

      usage: millrace COMMAND [ARGUMENTS]
             millrace                     serve ./millrace-data on the default ports

      commands
      \(rows.joined(separator: "\n"))

      `millrace help COMMAND` tells more, with examples.

      exit codes
        0 done, 64 the command line is wrong, 65 what was asked is refused as it is,
        74 the disk fails, 75 the same may succeed later
      """
  }
}
