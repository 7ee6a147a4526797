import KafkaClient
import KafkaWire
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("partitions", letter: "p", value: "N", "partitions; what the server has set if left out"),
      Option("replication-factor", value: "N", "copies; what the server has set if left out"),
      Option("config", letter: "c", value: "NAME=VALUE", isRepeatable: true, "a setting of the topic; may be repeated"),
      Option("if-not-exists", "accept a topic of that name that is there"),
    ] + ClientConnection.options

  /// `millrace topic create`
  static let topicCreate = Command(
    "topic create",
    summary: "make a topic",
    help: """
      usage: millrace topic create NAME [options]

      Makes a topic.

      \(Option.list(options))

      examples
        millrace topic create clicks
        millrace topic create orders.created -p 6 -c retention.ms=604800000 -c compression.type=zstd
        millrace topic create customers -c cleanup.policy=compact --if-not-exists
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let name = try given.words("NAME")[0]
    let partitions = try given.integer("partitions", in: 1...Int32.max) ?? -1
    let replicas = try given.integer("replication-factor", in: 1...Int16.max) ?? -1
    let settings = try given.pairs("config")
    let client = try ClientConnection.client(given)
    do throws(ClientError) {
      try client.createTopic(name, partitions: partitions, replicas: replicas, settings: settings)
      ErrorOutput.say("topic \(name) is made")
    } catch {
      guard error.code == .topicAlreadyExists, given.has("if-not-exists") else { throw error }
      ErrorOutput.say("topic \(name) was there already")
    }
    return .done
  }
}
