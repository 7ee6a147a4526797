/// What a run is to be.
package struct TortureOptions {
  package enum Target: String { case millrace, kafka }

  package var seconds = 60
  package var seed: UInt64 = 1
  package var target = Target.millrace
  /// Where histories, logs and the server's data go; it must not exist, or be empty.
  package var folder = ""
  /// The server's binary.
  var binary = ".build/release/millrace"
  /// The folder of the workers' programs.
  var clients = "Torture"
  /// An interpreter with the Python clients.
  var python = ".build/clients/bin/python"
  /// The compiled Java workers and Kafka's libraries; empty where Java is left out.
  package var classes = ""
  var libraries = ""
  /// A bug planted in the server's binary that is to be switched on.
  var planted = ""
  /// Records a second and producer.
  package var rate = 100

  package static let usage = """
    usage: torture run --folder NEW [--seconds N] [--seed N] [--against millrace|kafka] [--binary FILE] [--clients FOLDER]
                       [--python FILE] [--classes FOLDER --libraries FOLDER] [--planted BUG] [--rate N]
           torture judge FOLDER
    """

  /// The options that `arguments` ask for, or nil where they are none.
  package init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      guard let value = rest.popFirst(), take(value, for: option) else { return nil }
    }
    guard !folder.isEmpty, classes.isEmpty == libraries.isEmpty, target == .millrace || !libraries.isEmpty else {
      return nil
    }
  }

  private mutating func take(_ value: String, for option: String) -> Bool {
    switch option {
    case "--folder": folder = value
    case "--seconds": return set(\.seconds, Int(value).flatMap { (1...100_000).contains($0) ? $0 : nil })
    case "--seed": return set(\.seed, UInt64(value))
    case "--against": return set(\.target, Target(rawValue: value))
    case "--binary": binary = value
    case "--clients": clients = value
    case "--python": python = value
    case "--classes": classes = value
    case "--libraries": libraries = value
    case "--planted": planted = value
    case "--rate": return set(\.rate, Int(value).flatMap { (20...100_000).contains($0) ? $0 : nil })
    default: return false
    }
    return true
  }

  private mutating func set<Value>(_ field: WritableKeyPath<TortureOptions, Value>, _ value: Value?) -> Bool {
    guard let value else { return false }
    self[keyPath: field] = value
    return true
  }
}
