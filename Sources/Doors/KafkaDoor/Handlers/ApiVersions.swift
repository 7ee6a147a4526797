import ByteCodec
import KafkaWire
import Units

/// ApiVersions 0-4 (KIP-35, KIP-511, KIP-584). A version that is not known is answered in version 0, so that the client
/// can come down to ours; the reply's header never has tags.
extension KafkaDoor {
  func apiVersions(_ request: Request) throws(WireError) -> Answer {
    guard APIKey.apiVersions.decodes(request.version) else {
      let own = ApiVersionsResponse.ApiKey(
        apiKey: APIKey.apiVersions.rawValue, minVersion: 0, maxVersion: APIKey.apiVersions.stableVersion)
      let refusal = ApiVersionsResponse(errorCode: ErrorCode.unsupportedVersion.rawValue, apiKeys: [own])
      request.connection.answer(request.asVersion(0), refusal, after: .start)
      return .later
    }
    let message = try request.decode(ApiVersionsRequest.self)
    if request.version >= 3 {
      guard Self.isSoftwareName(message.clientSoftwareName), Self.isSoftwareName(message.clientSoftwareVersion) else {
        return .reply(ApiVersionsResponse(errorCode: ErrorCode.invalidRequest.rawValue), after: .start)
      }
      request.connection.software =
        "\(LoggedText(message.clientSoftwareName)) \(LoggedText(message.clientSoftwareVersion))"
    }
    return .reply(versions(for: request.version), after: .start)
  }

  private func versions(for version: Int16) -> ApiVersionsResponse {
    let keys = ServedAPI.all.map {
      ApiVersionsResponse.ApiKey(
        apiKey: $0.key.rawValue, minVersion: $0.advertisedMinimum ?? $0.key.minimumVersion,
        maxVersion: $0.key.stableVersion)
    }
    // Before version 4, clients crash on a supported feature whose lowest version is 0 (KAFKA-17011).
    let supported = Feature.all.filter { version >= 4 || $0.minimum > 0 }.map {
      ApiVersionsResponse.SupportedFeature(name: $0.name, minVersion: $0.minimum, maxVersion: $0.maximum)
    }
    let finalized = Feature.all.filter { $0.finalized > 0 }.map {
      ApiVersionsResponse.FinalizedFeature(
        name: $0.name, maxVersionLevel: $0.finalized, minVersionLevel: $0.finalized)
    }
    return ApiVersionsResponse(
      apiKeys: keys.sorted { $0.apiKey < $1.apiKey }, supportedFeatures: supported,
      finalizedFeaturesEpoch: Feature.epoch, finalizedFeatures: finalized)
  }

  /// Letters and digits, with dots and dashes inside.
  static func isSoftwareName(_ text: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard let first = text.utf8.first, let last = text.utf8.last, isAlphanumeric(first), isAlphanumeric(last) else {
      return false
    }
    return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
  }
}

extension Request {
  /// The same request, answered as that version.
  fileprivate func asVersion(_ version: Int16) -> Request {
    var header = header
    header.apiVersion = version
    return Request(header: header, api: api, body: body, connection: connection, slot: slot)
  }
}
