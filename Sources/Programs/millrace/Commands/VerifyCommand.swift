import Inspection
import Terminal

extension Command {
  private static let options = [
    Option("while-running", "the server has the folder open: what changes meanwhile is looked at again"),
    Option("json", "one JSON object a line"),
  ]

  /// `millrace verify`
  static let verify = Command(
    "verify",
    summary: "check every byte of a data folder",
    help: """
      usage: millrace verify DIR [options]

      Reads the checkpoints, the journal and every segment of the data folder DIR and compares them with their checksums.
      Nothing is changed. Says what it found where; ends with 65 when bytes that are needed are damaged.

      \(Option.list(options))

      examples
        millrace verify ./millrace-data
        millrace verify ./millrace-data --while-running --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    let disk = try DataFolder.existing(try given.words("DIR")[0])
    let report = try DataFolder.tried(
      { () throws(InspectionError) in try Verification.run(disk, isLive: given.has("while-running")) },
      advice: "Stop the server, or add --while-running.")
    return report.show(asJSON: given.has("json"))
  }
}
