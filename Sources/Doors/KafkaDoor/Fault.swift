import Broker
import KafkaWire
import Settings

/// Why a part of a request was not done: the code for programs, the text for people.
struct Fault: Error {
  let code: ErrorCode
  let message: String

  init(_ code: ErrorCode, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ refusal: Refusal) { self.init(refusal.code, refusal.reason) }

  /// A topic that a request names and that does not exist, or cannot.
  static func noTopic(named name: String) -> Fault {
    if let fault = TopicName.fault(in: name) { return Fault(.invalidTopicException, fault) }
    return Fault(.unknownTopicOrPartition, "there is no topic of this name")
  }

  /// A setting of `resource` that cannot become what was asked.
  init(_ error: SettingError, of resource: SettingsResource) {
    let isBroker = resource == .broker || resource == .brokerDefault
    switch error.reason {
    case .readOnly, .missingValue, .duplicate: self.init(.invalidRequest, error.message)
    case .notAList: self.init(.invalidConfig, error.message)
    case .unknownSetting, .invalidValue, .conflict, .limitExceeded, .syntax:
      self.init(isBroker ? .invalidRequest : .invalidConfig, error.message)
    }
  }
}

extension Sequence where Element: Hashable {
  /// The elements that occur more than once.
  var repeated: Set<Element> {
    var seen: Set<Element> = []
    var repeated: Set<Element> = []
    for element in self where !seen.insert(element).inserted { repeated.insert(element) }
    return repeated
  }
}
