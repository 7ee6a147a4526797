import ByteCodec
import Coordination
import Testing

@Suite struct EmbeddedProtocolTests {
  @Test(arguments: 0...3 as ClosedRange<Int16>)
  func subscriptionsComeBack(version: Int16) throws {
    var said = EmbeddedSubscription()
    said.topics = ["a", "grüße"]
    said.userData = [1, 2]
    if version >= 1 { said.owned = [NamedPartitions(topic: "a", partitions: [3, 1])] }
    if version >= 2 { said.generation = 7 }
    if version >= 3 { said.rack = "r" }
    let bytes = said.encoded(version: version)
    #expect(try EmbeddedSubscription(bytes) == said)
    #expect(try EmbeddedProtocol.version(of: bytes) == version)
    for cut in 0..<bytes.count {
      #expect(throws: WireError.self) { try EmbeddedSubscription(Array(bytes.prefix(cut))) }
    }
  }

  @Test func assignmentsComeBack() throws {
    var share = EmbeddedAssignment()
    share.partitions = [NamedPartitions(topic: "t", partitions: [0, 5])]
    #expect(try EmbeddedAssignment(share.encoded(version: 1)) == share)
    #expect(try EmbeddedAssignment([]) == EmbeddedAssignment())
    // As the Java client writes it: version 0, one topic of one letter with partition 5, no user data.
    let bytes: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 1, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff]
    #expect(try EmbeddedAssignment(bytes).partitions == [NamedPartitions(topic: "t", partitions: [5])])
  }

  @Test func aNewerVersionIsReadAsTheNewestKnown() throws {
    var said = EmbeddedSubscription()
    said.topics = ["t"]
    var bytes = said.encoded(version: 3)
    bytes[1] = 9
    #expect(try EmbeddedSubscription(bytes + [1, 2, 3]) == said)
    #expect(throws: WireError.self) { try EmbeddedSubscription([0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]) }
    // A count that the bytes cannot hold.
    #expect(throws: WireError.self) { try EmbeddedSubscription([0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0]) }
  }
}
