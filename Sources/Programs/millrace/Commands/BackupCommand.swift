import Inspection
import Terminal

extension Command {
  private static let options = [Option("json", "findings and result as JSON objects, one a line")]

  /// `millrace backup`
  static let backup = Command(
    "backup",
    summary: "copy a data folder, also while the server uses it",
    help: """
      usage: millrace backup DIR TARGET [options]

      Copies the data folder DIR to TARGET, a new or empty folder, and checks the copy. The server may be running: the
      copy holds at least everything that was acknowledged before it began. It is a data folder itself.

      \(Option.list(options))

      examples
        millrace backup ./millrace-data /backup/millrace-monday
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    let words = try given.words("DIR", "TARGET")
    return try copy(from: words[0], to: words[1], asJSON: given.has("json"))
  }

  /// `millrace restore`
  static let restore = Command(
    "restore",
    summary: "make a data folder from a backup",
    help: """
      usage: millrace restore SOURCE DIR [options]

      Copies the backup SOURCE to DIR, a new or empty folder, and checks the copy. A server started on it goes on from
      there, under a new leader epoch.

      \(Option.list(options))

      examples
        millrace restore /backup/millrace-monday ./millrace-data
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    let words = try given.words("SOURCE", "DIR")
    return try copy(from: words[0], to: words[1], asJSON: given.has("json"))
  }

  private static func copy(from source: String, to target: String, asJSON: Bool) throws -> ExitCode {
    let from = try DataFolder.existing(source)
    let to = try DataFolder.make(target)
    let report = try DataFolder.tried({ () throws(InspectionError) in try Backup.take(from: from, to: to) })
    if !asJSON {
      ErrorOutput.say("copied \(NumberText.bytes(report.bytes)) in \(NumberText.counted(report.segments, "segment"))")
    }
    return report.verified.show(asJSON: asJSON)
  }
}
