import KafkaClient
import Terminal

/// The options by which every command finds a cluster.
enum ClientConnection {
  static let options: [Option] = [
    Option(
      "bootstrap", letter: "b", value: "HOST:PORT,...", environment: "MILLRACE_BOOTSTRAP",
      "brokers to ask first; 127.0.0.1:9092 if left out"),
    Option("timeout", value: "DURATION", "how long a request may take, such as 10s; 30s if left out"),
  ]

  /// A client as `arguments` want it, which stops waiting when `isInterrupted` says so.
  static func client(
    _ arguments: Arguments, isInterrupted: @escaping @Sendable () -> Bool = { false }
  ) throws(UsageError) -> KafkaClient {
    var addresses = [BrokerAddress.local]
    if let text = arguments.text("bootstrap") {
      guard let listed = BrokerAddress.list(text) else {
        throw UsageError("--bootstrap takes HOST:PORT, several with commas between, not '\(text)'")
      }
      addresses = listed
    }
    var options = ClientOptions()
    if let text = arguments.text("timeout") {
      guard let time = TimeText.duration(text), time > 0 else {
        throw UsageError("--timeout takes a duration such as 500ms, 10s or 2m, not '\(text)'")
      }
      options.requestTimeoutMs = time
      options.connectTimeoutMs = min(time, options.connectTimeoutMs)
    }
    options.isInterrupted = isInterrupted
    options.notice = { ErrorOutput.say($0) }
    return KafkaClient(bootstrap: addresses, options: options)
  }
}
