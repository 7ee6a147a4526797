import Terminal

extension Command {
  /// `millrace serve`
  static let serve = Command(
    "serve",
    summary: "serve Kafka clients from a data folder, until SIGTERM or SIGINT",
    help: """
      usage: millrace serve [--data DIR | --memory] [--kafka HOST:PORT] [--set name=value]...

      Serves Kafka clients, and keeps what they write in DIR (./millrace-data if left out). When clients are accepted, a
      line that begins with "millrace ready" names the addresses. SIGTERM stops it cleanly.

        --data DIR         the data folder; it is made where there is none
        --memory           keep everything in memory: for tests and demonstrations
        --kafka HOST:PORT  listen there (127.0.0.1:9092 if left out); port 0 takes a free one
        --set name=value   a setting, under the name that Kafka has for it

      examples
        millrace serve
        millrace serve --data /var/lib/millrace --set num.partitions=3
        millrace serve --memory --kafka 127.0.0.1:0
      """
  ) { arguments in
    ExitCode(rawValue: ServeCommand.run(arguments)) ?? .badData
  }
}
