import Terminal

/// A kind of load: what is typed behind `loadgen`.
protocol LoadMode {
  static var name: String { get }
  /// A sentence for the help text.
  static var summary: String { get }
  static var options: [Option] { get }
  init(_ arguments: Arguments) throws
  /// Runs it and tells what it found.
  func run() throws -> LoadReport
}

/// All modes, and how one is chosen.
package enum LoadModes {
  private static var all: [any LoadMode.Type] {
    [
      ProduceMode.self, ConsumeMode.self, LatencyMode.self, CommitMode.self, TransactionMode.self, RebalanceMode.self,
      AwaitMode.self,
    ]
  }

  /// The modes and their options, for a help text.
  package static var usage: String {
    let modes = all.map { "loadgen \($0.name): \($0.summary)\n\(Option.list($0.options))" }
    return modes.joined(separator: "\n\n")
  }

  /// Runs the mode that `arguments` ask for and returns what it found, as `name=value` pairs on one line. Fails with
  /// `UsageError` where they ask for none.
  package static func run(_ arguments: [String]) throws -> String {
    guard let name = arguments.first, let type = all.first(where: { $0.name == name }) else {
      throw UsageError("the first argument is one of \(all.map { $0.name }.joined(separator: ", "))")
    }
    return try type.init(Arguments(Array(arguments.dropFirst()), options: type.options)).run().description
  }
}
