/// Why a run ended early, in words.
package struct LoadFailure: Error, CustomStringConvertible {
  var reason: String

  package var description: String { reason }
}
