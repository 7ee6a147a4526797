import KafkaWire
import Testing

@Suite struct TableTests {
  @Test func everyClientAPIIsThere() {
    #expect(APIKey.allCases.count == 77)
    #expect(APIKey.fetch.rawValue == 1 && APIKey.fetch.name == "Fetch")
    #expect(APIKey.produce.versions == 3...13 && APIKey.produce.flexibleFrom == 9)
    #expect(APIKey.saslHandshake.flexibleFrom == nil && !APIKey.saslHandshake.isFlexible(1))
    #expect(APIKey.describeShareGroupOffsets.rawValue == 90)
    #expect(APIKey(rawValue: 4) == nil)
  }

  @Test func unstableVersionsAreNotAdvertised() {
    #expect(APIKey.initProducerId.maximumVersion == 6 && APIKey.initProducerId.stableVersion == 5)
    for api in APIKey.allCases where api != .initProducerId { #expect(api.stableVersion == api.maximumVersion) }
  }

  @Test func messagesServeTheVersionsOfTheirAPI() {
    for api in APIKey.allCases {
      #expect(api.requestType.versions == api.versions)
      #expect(api.responseType.versions == api.versions)
    }
  }

  @Test func errorCodes() {
    #expect(ErrorCode.offsetOutOfRange.rawValue == 1 && ErrorCode.offsetOutOfRange.name == "OFFSET_OUT_OF_RANGE")
    #expect(!ErrorCode.offsetOutOfRange.isRetriable && ErrorCode.notLeaderOrFollower.isRetriable)
    #expect(ErrorCode.unknownServerError.rawValue == -1 && ErrorCode.none.rawValue == 0)
    #expect(ErrorCode(rawValue: 9999).name == nil && "\(ErrorCode(rawValue: 9999))" == "error 9999")
    #expect(Set(ErrorCode.all).count == ErrorCode.all.count && ErrorCode.all.allSatisfy { $0.name != nil })
  }
}
