import Terminal

extension Command {
  /// `millrace txn`
  static let transaction = Command(
    "txn",
    summary: "list, describe and abort transactions",
    help: """
      usage: millrace txn list [options]
             millrace txn describe ID... [options]
             millrace txn abort ID [options]
             millrace txn abort --partition TOPIC/N [options]

      They speak the Kafka protocol and work with any broker.

      examples
        millrace txn list --state Ongoing
        millrace txn describe payments-1
        millrace txn abort payments-1
      """,
    subcommands: [.transactionList, .transactionDescribe, .transactionAbort]
  ) { arguments in
    guard let first = arguments.first else {
      throw UsageError("what to do with transactions is missing: list, describe or abort")
    }
    let nearest = Spelling.nearest(to: first, in: ["list", "describe", "abort"])
    throw UsageError(
      "'\(first)' is nothing to do with transactions" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
  }
}
