import KafkaClient
import Testing

@Suite struct BrokerAddressTests {
  @Test(
    arguments: [
      ("log.example:9093", "log.example", 9093), ("10.0.0.7", "10.0.0.7", 9092), ("[::1]:29092", "::1", 29092),
      ("[fe80::1]", "fe80::1", 9092), ("::1", "::1", 9092),
    ] as [(String, String, UInt16)])
  func readsHostsAndPorts(text: String, host: String, port: UInt16) {
    #expect(BrokerAddress(text) == BrokerAddress(host: host, port: port))
  }

  @Test(arguments: ["", ":9092", "host:", "host:0", "host:65536", "host:+1", "host:x", "[::1", "[::1]x", "a b:1"])
  func refusesWhatIsNoAddress(text: String) {
    #expect(BrokerAddress(text) == nil)
  }

  @Test func readsLists() {
    #expect(BrokerAddress.list("a:1, b:2 ,") == [BrokerAddress(host: "a", port: 1), BrokerAddress(host: "b", port: 2)])
    #expect(BrokerAddress.list("a:1,b:x") == nil)
    #expect(BrokerAddress.list(" , ") == nil)
  }

  @Test func isWrittenAsItIsRead() {
    #expect(BrokerAddress(host: "::1", port: 9092).description == "[::1]:9092")
    #expect(BrokerAddress(host: "h", port: 1).description == "h:1")
  }
}
