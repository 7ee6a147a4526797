import Inspection
import Machine
import Terminal

extension Command {
  private static let options = [
    Option("dry-run", "only say what would be done, and the command that does it"),
    Option("apply", "do what loses nothing"),
    Option(
      "accept-loss", value: "TOPIC/PARTITION:FIRST-LAST", isRepeatable: true,
      "give these offsets up; journal:FIRST-LAST for frames of the journal"),
    Option("json", "one JSON object a line"),
  ]

  /// `millrace repair`
  static let repair = Command(
    "repair",
    summary: "put a damaged data folder right",
    help: """
      usage: millrace repair DIR --dry-run
             millrace repair DIR --apply
             millrace repair DIR --accept-loss TOPIC/PARTITION:FIRST-LAST ...

      Restores what one turned bit or a second copy explains, and gives up damaged offsets that are accepted by name:
      batches without records stand for them from then on, and no offset is ever given twice. What is changed is copied
      to DIR/repair-N first, with a report.

      \(Option.list(options))

      examples
        millrace repair ./millrace-data --dry-run
        millrace repair ./millrace-data --accept-loss orders/0:1200-1249
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    let folder = try given.words("DIR")[0]
    var accepted: [Loss] = []
    for text in given.texts("accept-loss") {
      guard let loss = Loss(text) else {
        throw UsageError("--accept-loss takes TOPIC/PARTITION:FIRST-LAST, not '\(text)'")
      }
      accepted.append(loss)
    }
    guard given.has("dry-run") || given.has("apply") || !accepted.isEmpty else {
      throw UsageError("one of --dry-run, --apply and --accept-loss is needed")
    }
    let disk = try DataFolder.existing(folder)
    let lines: [String]
    if given.has("dry-run") {
      lines = try DataFolder.tried { () throws(InspectionError) in
        let lock = try FolderAccess.lock(disk)
        defer { withExtendedLifetime(lock) {} }
        return try RepairPlan(disk).lines(folder: folder)
      }
    } else {
      let report = try DataFolder.tried(
        { () throws(InspectionError) in try Repair.run(disk, accepting: accepted, entropy: SystemEntropy()) },
        advice: "See `millrace repair \(folder) --dry-run`.")
      let copies = report.copies.map { ["what was changed is kept in \(folder)/\($0)"] } ?? ["nothing had to be done"]
      lines = report.lines + copies
    }
    let output = Output()
    for line in lines {
      output.write((given.has("json") ? JSONText.object([("line", .string(line))]).line : line) + "\n")
    }
    output.flush()
    return .done
  }
}
