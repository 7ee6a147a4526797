/// An exchange that the two brokers answer differently, and why that stays so. In each of its versions they must differ.
struct KnownDifference: Sendable {
  let name: String
  let versions: ClosedRange<Int16>
  let reason: String

  static let all: [KnownDifference] = []
}
