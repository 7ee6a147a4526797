import ByteCodec
import Units

/// Encoded answers that name everything there is: made once for each form in use, shared by all who ask, and forgotten
/// with the first change of the catalogue.
struct SharedAnswers {
  /// What an answer's bytes depend on, beside the catalogue.
  struct Form: Hashable {
    let version: Int16
    let address: AdvertisedAddress
    let namesClusterOperations: Bool
    let namesTopicOperations: Bool
  }

  private var bodies: [Form: ByteSlice] = [:]
  private var asOf = JournalSequence.start

  /// The answer of that form, made by `make` unless it is here.
  mutating func body(_ form: Form, asOf change: JournalSequence, _ make: () -> ByteSlice) -> ByteSlice {
    if change != asOf { (bodies, asOf) = ([:], change) }
    if let known = bodies[form] { return known }
    let made = make()
    if bodies.count >= DoorLimits.sharedAnswers { bodies.removeAll() }
    bodies[form] = made
    return made
  }
}
