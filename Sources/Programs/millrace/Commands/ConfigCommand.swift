import ByteCodec
import Glibc
import Settings
import Terminal

extension Command {
  private static let options = [
    Option("set", value: "NAME=VALUE", isRepeatable: true, "a setting, as `millrace serve` takes it"),
    Option("config", value: "FILE", "a settings file"),
    Option("changed", "only settings that somebody set"),
    Option("json", "one JSON object a line"),
  ]

  /// `millrace config`
  static let config = Command(
    "config",
    summary: "print the effective settings and where each came from",
    help: """
      usage: millrace config [NAME...] [options]

      Prints what `millrace serve` with the same options and environment would start with: flags win over variables
      MILLRACE_..., these over the file, and the file over the defaults. Changes made by clients are kept in the data
      folder and not shown here.

      \(Option.list(options))

      examples
        millrace config --changed
        millrace config num.partitions --set num.partitions=3
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    let layers = BrokerLayers(statics: try statics(given))
    let names = given.words.isEmpty ? nil : given.words
    let all = layers.describeBroker(names: names)
    if let names, let unknown = names.first(where: { name in !all.contains { $0.name == name } }) {
      throw CommandFailure(.badData, "there is no setting '\(unknown)'")
    }
    let output = Output()
    for setting in all where !given.has("changed") || setting.origin != nil {
      let origin = setting.origin?.description ?? "default"
      if given.has("json") {
        let object: JSONText = .object([
          ("name", .string(setting.name)), ("value", .optional(setting.value)), ("origin", .string(origin)),
          ("sensitive", .bool(setting.isSensitive)),
        ])
        output.write(object.line + "\n")
      } else {
        let value = setting.isSensitive ? "(withheld)" : setting.value ?? "(none)"
        output.write("\(setting.name)=\(value)  # \(origin)\n")
      }
    }
    output.flush()
    return .done
  }

  private static func statics(_ given: Arguments) throws -> StaticSettings {
    var file: (name: String, text: String)?
    if let path = given.text("config") {
      var reason = ""
      guard let source = LineSource(path: path, reason: &reason) else {
        throw CommandFailure(.badData, "cannot read '\(path)': \(reason)")
      }
      var text = ""
      while case .line(let line) = source.next(waitMs: -1) {
        text += String(decoding: line.copy(), as: UTF8.self) + "\n"
      }
      file = (path, text)
    }
    do throws(SettingError) {
      return try StaticSettings(flags: given.texts("set"), environment: ProcessEnvironment.all, file: file)
    } catch {
      throw CommandFailure(.usage, error.message)
    }
  }
}

/// The variables of this process.
enum ProcessEnvironment {
  static var all: [String: String] {
    var found: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text)
      if let sign = pair.firstIndex(of: "=") {
        found[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
      }
      entry += 1
    }
    return found
  }
}
