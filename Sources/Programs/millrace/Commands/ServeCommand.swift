import Glibc
import MillraceServer
import Terminal

extension Command {
  private static let options: [Option] = [
    Option("data", value: "DIR", "the data folder, made where there is none; ./millrace-data if left out"),
    Option("memory", "keep everything in memory: for tests and demonstrations"),
    Option(
      "kafka", value: "HOST:PORT", isRepeatable: true,
      "listen there; 127.0.0.1:9092 and [::1]:9092 if left out; port 0 takes a free one"),
    Option("http", value: "HOST:PORT", "serve /metrics and /healthz there"),
    Option("insecure", "allow addresses that other machines reach, without authentication or TLS"),
    Option("config", value: "FILE", "settings as name=value lines"),
    Option("set", value: "NAME=VALUE", isRepeatable: true, "a setting, under the name that Kafka has for it"),
  ]

  /// `millrace serve`
  static let serve = Command(
    "serve",
    summary: "serve Kafka clients from a data folder, until SIGTERM or SIGINT",
    help: """
      usage: millrace serve [options]

      Serves Kafka clients, and keeps what they write in a data folder. When clients are accepted, a line that begins with
      "millrace ready" names the addresses. SIGTERM stops it in order. Settings come from --set, then from variables like
      MILLRACE_NUM_PARTITIONS, then from the file of --config.

      \(Option.list(options))

      examples
        millrace serve
        millrace serve --data /var/lib/millrace --http 127.0.0.1:8080 --set num.partitions=3
        millrace serve --memory --kafka 127.0.0.1:0

      exit codes
        64 a setting or option is wrong, 65 the data folder is damaged (see millrace verify),
        74 the disk fails, 75 the folder or an address is taken
      """
  ) { arguments in
    try ServeJob(Arguments(arguments, options: options, environment: environment)).run()
  }

  /// `millrace` alone: the default folder and ports, and what to do next.
  static let welcome = Command("", summary: "", help: "") { _ in
    try ServeJob(Arguments([], options: options, environment: environment)).run(welcomes: true)
  }
}
