import Terminal

extension Command {
  /// `millrace group`
  static let group = Command(
    "group",
    summary: "list, describe, reset and delete consumer groups",
    help: """
      usage: millrace group list [options]
             millrace group describe GROUP... [options]
             millrace group reset GROUP --to PLACE [options]
             millrace group delete GROUP... [options]

      `millrace group reset --help` and so on tell more. They speak the Kafka protocol and work with any broker.

      examples
        millrace group list
        millrace group describe billing
        millrace group reset billing --to -1h --dry-run
        millrace group delete billing-test
      """,
    subcommands: [.groupList, .groupDescribe, .groupReset, .groupDelete]
  ) { arguments in
    guard let first = arguments.first else {
      throw UsageError("what to do with groups is missing: list, describe, reset or delete")
    }
    let nearest = Spelling.nearest(to: first, in: ["list", "describe", "reset", "delete"])
    throw UsageError("'\(first)' is nothing to do with groups" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
  }
}
