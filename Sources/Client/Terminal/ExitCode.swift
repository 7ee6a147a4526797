/// How a command ends, as scripts see it.
package enum ExitCode: Int32, Sendable {
  case done = 0
  /// The command line is wrong.
  case usage = 64
  /// The data, or what was asked, is refused as it is.
  case badData = 65
  /// The disk fails.
  case disk = 74
  /// The same may succeed later.
  case tryAgain = 75
}

/// A command line that is wrong, in a sentence.
package struct UsageError: Error, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
