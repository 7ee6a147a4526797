import ByteCodec
import KafkaClient
import KafkaWire
import Testing

@Suite struct ConnectionTests {
  private func options() -> ClientOptions {
    var options = ClientOptions()
    options.maximumResponse = 1 << 20
    return options
  }

  @Test func fallsBackToTheBrokersVersionOfApiVersions() throws {
    let broker = try ScriptedBroker { _ in
      { header, _ in
        if header.apiVersion > 2 {
          let own = ApiVersionsResponse.ApiKey(apiKey: APIKey.apiVersions.rawValue, minVersion: 0, maxVersion: 2)
          return .messageIn(ApiVersionsResponse(errorCode: 35, apiKeys: [own]), version: 0)
        }
        return .message(ApiVersionsResponse(apiKeys: [.init(apiKey: 3, minVersion: 0, maxVersion: 5)]))
      }
    }
    defer { broker.stop() }
    let connection = try BrokerConnection(to: broker.address, options: options())
    #expect(try connection.version(of: .metadata) == 5)
    #expect(!connection.serves(.produce))
  }

  @Test func refusesAnAnswerThatIsTooLarge() throws {
    let broker = try ScriptedBroker { _ in { _, _ in .raw([0x48, 0x54, 0x54, 0x50, 0x2F, 0x31]) } }
    defer { broker.stop() }
    let error = #expect(throws: ClientError.self) { try BrokerConnection(to: broker.address, options: options()) }
    #expect(error?.kind == .malformedAnswer)
    #expect(error?.isRetriable == false)
  }

  @Test func saysWhoClosedTheConnection() throws {
    let broker = try ScriptedBroker { _ in { _, _ in .close } }
    defer { broker.stop() }
    let error = #expect(throws: ClientError.self) { try BrokerConnection(to: broker.address, options: options()) }
    #expect(error?.kind == .disconnected)
    #expect(error?.description.contains(broker.address.description) == true)
    #expect(error?.isRetriable == true)
  }

  @Test func refusesAVersionThatNobodyShares() throws {
    let broker = try ScriptedBroker { _ in
      { _, _ in .message(ApiVersionsResponse(apiKeys: [.init(apiKey: 1, minVersion: 90, maxVersion: 99)])) }
    }
    defer { broker.stop() }
    let connection = try BrokerConnection(to: broker.address, options: options())
    let error = #expect(throws: ClientError.self) { try connection.version(of: .fetch) }
    #expect(error?.kind == .unsupported)
  }

  @Test func anErrorOfTheProtocolKnowsWhetherItPasses() {
    #expect(ClientError(ErrorCode.notLeaderOrFollower, "t/0").isRetriable)
    #expect(!ClientError(ErrorCode.invalidConfig, "t").isRetriable)
    #expect(ClientError(ErrorCode.invalidConfig, "t", message: "why").description == "t: INVALID_CONFIG: why")
  }
}
