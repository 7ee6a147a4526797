import KafkaClient
import KafkaWire
import Terminal

extension Command {
  private static let options: [Option] =
    [Option("if-exists", "accept names of groups that are not there")] + ClientConnection.options

  /// `millrace group delete`
  static let groupDelete = Command(
    "group delete",
    summary: "delete groups that have no members, with their offsets",
    help: """
      usage: millrace group delete GROUP... [options]

      Deletes groups and the offsets they have committed. A group with members is refused.

      \(Option.list(options))

      examples
        millrace group delete billing-test
        millrace group delete old-1 old-2 --if-exists
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    guard !given.words.isEmpty else { throw UsageError("GROUP is missing; `millrace group list` shows them") }
    let client = try ClientConnection.client(given)
    for name in given.words {
      do throws(ClientError) {
        try client.deleteGroup(name)
        ErrorOutput.say("group \(name) is deleted")
      } catch {
        guard error.code == .groupIdNotFound, given.has("if-exists") else { throw error }
        ErrorOutput.say("there was no group \(name)")
      }
    }
    return .done
  }
}
