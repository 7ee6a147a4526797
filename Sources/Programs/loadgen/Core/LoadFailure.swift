/// Why a run ended early, in words.
struct LoadFailure: Error {
  var reason: String
}
