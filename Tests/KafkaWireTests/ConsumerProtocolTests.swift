import ByteCodec
import KafkaWire
import Testing

/// What members of consumer groups hand around through the coordinator.
@Suite struct ConsumerProtocolTests {
  static let subscription = ConsumerSubscription(
    topics: ["orders", "clicks"], userData: [1, 2], owned: [TopicPartitions(topic: "orders", partitions: [0, 2])],
    generation: 7, rack: "r1")

  @Test(arguments: Int16(0)...3) func aSubscriptionComesBackAsFarAsItsVersionGoes(version: Int16) throws {
    var expected = Self.subscription
    if version < 3 { expected.rack = nil }
    if version < 2 { expected.generation = -1 }
    if version < 1 { expected.owned = [] }
    #expect(try ConsumerSubscription(Self.subscription.encoded(version: version)) == expected)
  }

  /// Version 0 with one topic and no user data, byte by byte: what the oldest clients send.
  @Test func theOldestFormIsReadByteByByte() throws {
    let bytes: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 2, 0x61, 0x62, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(try ConsumerSubscription(bytes) == ConsumerSubscription(topics: ["ab"]))
    #expect(ConsumerSubscription(topics: ["ab"]).encoded(version: 0) == bytes)
  }

  /// A newer version may have more behind what is known (KIP-429 asks readers to bear that).
  @Test func aNewerSubscriptionIsReadAsFarAsItIsKnown() throws {
    var bytes = Self.subscription.encoded()
    bytes[1] = 9
    #expect(try ConsumerSubscription(bytes + [1, 2, 3]) == Self.subscription)
  }

  @Test func anAssignmentComesBack() throws {
    let assignment = ConsumerAssignment(
      partitions: [TopicPartitions(topic: "orders", partitions: [1])], userData: [9])
    #expect(try ConsumerAssignment(assignment.encoded(version: 0)) == assignment)
    #expect(try ConsumerAssignment([]) == ConsumerAssignment(partitions: []))
    // As the Java client writes it: version 0, one topic of one letter with partition 5, no user data.
    let bytes: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 1, 0, 0, 0, 5, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(try ConsumerAssignment(bytes).partitions == [TopicPartitions(topic: "t", partitions: [5])])
  }

  @Test func everyTruncationIsAnError() {
    let bytes = Self.subscription.encoded()
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try ConsumerSubscription(Array(bytes[..<count])) }
    }
    #expect(throws: WireError.self) { try ConsumerSubscription([0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0]) }
    #expect(throws: WireError.self) { try ConsumerAssignment([0, 0, 0x7F, 0xFF, 0xFF, 0xFF]) }
  }
}
