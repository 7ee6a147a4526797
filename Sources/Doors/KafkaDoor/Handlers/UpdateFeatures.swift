import ByteCodec
import KafkaWire
import Units

/// UpdateFeatures 0-2 (KIP-584, KIP-778, KIP-1022): the levels are the program's own. Asking for the one in force is fine,
/// any change is refused with INVALID_UPDATE_VERSION. Where one is refused, all are, and the answer has no results, only
/// the first refusal; version 2 has no results at all.
extension KafkaDoor {
  func updateFeatures(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(UpdateFeaturesRequest.self)
    let repeated = message.featureUpdates.map(\.feature).repeated
    let results = message.featureUpdates.map { update -> UpdateFeaturesResponse.Result in
      let known = Feature.all.first { $0.name == update.feature }
      let text: String
      if repeated.contains(update.feature) {
        return .init(
          feature: update.feature, errorCode: ErrorCode.invalidRequest.rawValue,
          errorMessage: "the request names this feature twice")
      } else if let known, known.finalized == update.maxVersionLevel {
        return .init(feature: update.feature)
      } else if let known {
        text = "\(known.name) stays at level \(known.finalized): levels change only with the program"
      } else {
        text = "there is no feature of this name"
      }
      return .init(
        feature: update.feature, errorCode: ErrorCode.invalidUpdateVersion.rawValue, errorMessage: text)
    }
    guard let refused = results.first(where: { $0.errorCode != 0 }) else {
      return .reply(UpdateFeaturesResponse(results: results), after: .start)
    }
    let text = "\(refused.feature): \(refused.errorMessage ?? "")"
    return .reply(UpdateFeaturesResponse(errorCode: refused.errorCode, errorMessage: text), after: .start)
  }
}
