import Glibc
import KafkaClient
import Terminal

/// A command of the program: one file in `Commands`, one row in `CommandTable`.
struct Command: Sendable {
  /// What is typed behind `millrace`: "produce", "topic create".
  let path: String
  /// One line for the list of commands.
  let summary: String
  /// The whole text of `millrace help NAME`: usage, what it does, options, examples.
  let help: String
  /// Does it, with the arguments behind the name. What it throws is shown in words: `UsageError`, `CommandFailure` and
  /// `ClientError` with their own exit codes.
  let body: @Sendable ([String]) throws -> ExitCode
  /// Commands whose name may stand first among the arguments: "create" for `millrace topic create`.
  let subcommands: [Command]

  init(
    _ path: String, summary: String, help: String, subcommands: [Command] = [],
    body: @escaping @Sendable ([String]) throws -> ExitCode
  ) {
    self.path = path
    self.summary = summary
    self.help = help
    self.subcommands = subcommands
    self.body = body
  }

  /// The last word of the path.
  var name: String { path.split(separator: " ").last.map(String.init) ?? path }

  /// Runs the command and returns the process's exit code. `--help` among `arguments` shows the help text instead.
  func run(_ arguments: [String]) -> Int32 {
    if let first = arguments.first, let command = subcommands.first(where: { $0.name == first }) {
      return command.run(Array(arguments.dropFirst()))
    }
    if arguments.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
      return Command.show(help)
    }
    do {
      return try body(arguments).rawValue
    } catch let error as UsageError {
      return fail(.usage, error.description, "See `millrace help \(path)`.")
    } catch let error as CommandFailure {
      return fail(error.code, error.message, error.advice)
    } catch let error as ClientError {
      return fail(error.exitCode, error.description, error.advice)
    } catch {
      return fail(.badData, "\(error)", nil)
    }
  }

  private func fail(_ code: ExitCode, _ message: String, _ advice: String?) -> Int32 {
    ErrorOutput.say(message)
    if let advice { ErrorOutput.write(advice + "\n") }
    return code.rawValue
  }

  /// Writes a text to standard output. Returns the exit code of success.
  static func show(_ text: String) -> Int32 {
    let output = Output()
    output.write(text.hasSuffix("\n") ? text : text + "\n")
    output.flush()
    return ExitCode.done.rawValue
  }

  /// The value of a variable of the environment.
  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// A failure that is ready to be shown: what and where, what to do next, and the exit code.
struct CommandFailure: Error {
  var code: ExitCode
  var message: String
  var advice: String?

  init(_ code: ExitCode, _ message: String, advice: String? = nil) {
    self.code = code
    self.message = message
    self.advice = advice
  }
}
