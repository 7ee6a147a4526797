import Terminal

extension Command {
  /// `millrace topic`
  static let topic = Command(
    "topic",
    summary: "create, list, describe, alter and delete topics",
    help: """
      usage: millrace topic create NAME [options]
             millrace topic list [options]
             millrace topic describe [NAME...] [options]
             millrace topic alter NAME [options]
             millrace topic delete NAME... [options]

      `millrace topic create --help` and so on tell more. They speak the Kafka protocol and work with any broker.

      examples
        millrace topic create orders.created --partitions 6 --config retention.ms=604800000
        millrace topic list
        millrace topic describe orders.created
        millrace topic alter orders.created --set cleanup.policy=compact
        millrace topic delete orders.created
      """,
    subcommands: [.topicCreate, .topicList, .topicDescribe, .topicAlter, .topicDelete]
  ) { arguments in
    guard let first = arguments.first else {
      throw UsageError("what to do with topics is missing: create, list, describe, alter or delete")
    }
    let nearest = Spelling.nearest(to: first, in: ["create", "list", "describe", "alter", "delete"])
    throw UsageError("'\(first)' is nothing to do with topics" + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
  }
}
