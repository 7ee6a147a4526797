/// What a test needed could not be had.
struct FixtureFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
