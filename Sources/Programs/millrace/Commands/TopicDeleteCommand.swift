import KafkaClient
import KafkaWire
import Terminal

extension Command {
  private static let options: [Option] =
    [Option("if-exists", "accept names of topics that are not there")] + ClientConnection.options

  /// `millrace topic delete`
  static let topicDelete = Command(
    "topic delete",
    summary: "delete topics with all their records",
    help: """
      usage: millrace topic delete NAME... [options]

      Deletes topics and all their records. There is no way back.

      \(Option.list(options))

      examples
        millrace topic delete clicks
        millrace topic delete test-1 test-2 --if-exists
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    guard !given.words.isEmpty else { throw UsageError("NAME is missing") }
    let client = try ClientConnection.client(given)
    for name in given.words {
      do throws(ClientError) {
        try client.deleteTopic(name)
        ErrorOutput.say("topic \(name) is deleted")
      } catch {
        guard error.code == .unknownTopicOrPartition, given.has("if-exists") else { throw error }
        ErrorOutput.say("there was no topic \(name)")
      }
    }
    return .done
  }
}
