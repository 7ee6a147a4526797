import ByteCodec
import KafkaWire
import Testing

@Suite struct HeaderTests {
  private func read(_ bytes: [UInt8]) throws(WireError) -> (header: RequestHeader, rest: Int) {
    let slice = ByteSlice(copying: bytes)
    var reader = ByteReader(slice)
    let header = try RequestHeader(from: &reader)
    return (header, reader.remaining)
  }

  @Test func versionOneEndsWithTheClientID() throws {
    let (header, rest) = try read([0, 12, 0, 0, 0, 0, 0, 9, 0, 2, 0x63, 0x69, 0xAA])
    #expect(header.api == .heartbeat && header.apiVersion == 0 && header.correlationId == 9 && header.clientId == "ci")
    #expect(rest == 1)
  }

  @Test func versionTwoPassesOverTags() throws {
    let (header, rest) = try read([0, 12, 0, 4, 0, 0, 0, 9, 0xFF, 0xFF, 1, 5, 2, 1, 2, 0xAA])
    #expect(header.apiVersion == 4 && header.clientId == nil)
    #expect(rest == 1)
  }

  @Test(
    arguments: [
      [0x03, 0xE7, 0, 0, 0, 0, 0, 9, 0, 1, 0x63], [0, 18, 0, 99, 0, 0, 0, 9, 0, 1, 0x63, 1, 2, 3],
    ] as [[UInt8]])
  func unknownAPIsAndVersionsKeepWhatCanBeRead(bytes: [UInt8]) throws {
    let (header, _) = try read(bytes)
    #expect(header.correlationId == 9 && header.clientId == "c")
  }

  @Test func anUnknownAPIWithoutAClientIDIsStillAnswered() throws {
    #expect(try read([0x03, 0xE7, 0, 1, 0, 0, 0, 9]).header.clientId == nil)
    #expect(try read([0x03, 0xE7, 0, 1, 0, 0, 0, 9, 0x7F, 0xFF]).header.correlationId == 9)
  }

  @Test func everyTruncationIsRefused() {
    let whole: [UInt8] = [0, 12, 0, 4, 0, 0, 0, 9, 0, 1, 0x63, 1, 5, 2, 1, 2]
    for length in 0..<whole.count {
      #expect(throws: WireError.self) { try read(Array(whole[..<length])) }
    }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    #expect(throws: WireError.badText) { try read([0, 12, 0, 0, 0, 0, 0, 9, 0, 1, 0xFF]) }
  }

  @Test func whatIsWrittenIsRead() throws {
    for api in APIKey.allCases {
      for version in api.versions {
        let header = RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: -5, clientId: "client")
        var writer = ByteWriter()
        header.encode(to: &writer)
        let (back, rest) = try read(writer.takeArray())
        #expect(back.api == api && back.apiVersion == version && back.correlationId == -5 && rest == 0)
      }
    }
  }

  @Test func responsesOfApiVersionsNeverHaveTags() {
    for version in APIKey.apiVersions.versions {
      #expect(APIKey.apiVersions.responseHeaderVersion(for: version) == 0)
    }
    #expect(APIKey.apiVersions.requestHeaderVersion(for: 3) == 2)
    #expect(APIKey.fetch.responseHeaderVersion(for: 11) == 0 && APIKey.fetch.responseHeaderVersion(for: 12) == 1)
    #expect(APIKey.saslHandshake.requestHeaderVersion(for: 1) == 1)
  }

  @Test func responseHeadersAreFourOrFiveBytes() throws {
    var writer = ByteWriter()
    ResponseHeader(correlationId: 258).encode(to: &writer, headerVersion: 0)
    #expect(writer.takeArray() == [0, 0, 1, 2])
    ResponseHeader(correlationId: 258).encode(to: &writer, headerVersion: 1)
    let bytes = ByteSlice(copying: writer.takeArray())
    #expect(bytes.copy() == [0, 0, 1, 2, 0])
    var reader = ByteReader(bytes)
    #expect(try ResponseHeader(from: &reader, api: .fetch, version: 12).correlationId == 258)
    #expect(reader.remaining == 0)
  }
}
