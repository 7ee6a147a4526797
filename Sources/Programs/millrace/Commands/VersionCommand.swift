import KafkaClient
import Terminal

extension Command {
  /// `millrace version`
  static let version = Command(
    "version",
    summary: "print the program's version",
    help: """
      usage: millrace version

      Prints the version of this program.
      """
  ) { arguments in
    _ = show("millrace \(ClientVersion.text)")
    return .done
  }
}
