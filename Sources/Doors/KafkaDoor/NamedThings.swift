import KafkaWire
import Units

/// The groups, transactional ids, keys or resources that a request names.
extension Array {
  /// Whether they are more than one request may name. Those beyond are dropped: no field of the answer could refuse the
  /// request as a whole, and one that named them all would be as long as they are.
  mutating func shorten() -> Bool {
    guard count > AdminLimits.namesPerRequest else { return false }
    removeLast(count - AdminLimits.namesPerRequest)
    return true
  }
}

extension Array where Element: Hashable {
  /// Each of them once. What is described may be long, so a name is worth one answer, however often it is repeated.
  var distinct: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension KafkaDoor {
  /// The answer to a request that names too many things.
  func refuseTooMany(_ request: Request, with response: some WireMessage) -> Answer {
    meters.failed(request.api)
    notice("a \(request.api.name) request names more than \(AdminLimits.namesPerRequest) things: refused")
    return .reply(response, after: .start)
  }
}
