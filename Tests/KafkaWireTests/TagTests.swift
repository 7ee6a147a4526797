import ByteCodec
import KafkaWire
import Testing

@Suite struct TagTests {
  /// The body of a Heartbeat response, version 4: throttle time, error, and these tagged fields.
  private func response(_ tags: [UInt8]) -> [UInt8] { [0, 0, 0, 1, 0, 0] + tags }

  private func tags(_ bytes: [UInt8], keeps: Bool = true) throws(WireError) -> [UnknownTag] {
    try decode(HeartbeatResponse.self, version: 4, response(bytes), keepsUnknownTags: keeps).unknownTags
  }

  @Test func unknownTagsAreSkippedOrKept() throws {
    #expect(try tags([2, 3, 1, 9, 70, 0], keeps: false).isEmpty)
    let kept = try decode(HeartbeatResponse.self, version: 4, response([2, 3, 1, 9, 70, 0]), keepsUnknownTags: true)
    #expect(kept.unknownTags == [UnknownTag(tag: 3, bytes: [9]), UnknownTag(tag: 70, bytes: [])])
    #expect(encoded(kept, version: 4) == response([2, 3, 1, 9, 70, 0]))
  }

  @Test(arguments: [[2, 3, 0, 3, 0], [2, 3, 0, 2, 0]] as [[UInt8]])
  func tagsMustAscend(bytes: [UInt8]) {
    #expect(throws: WireError.badTag) { try tags(bytes) }
  }

  @Test(arguments: [[1], [1, 3], [1, 3, 2, 9], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 0]] as [[UInt8]])
  func tagsMustBeWhole(bytes: [UInt8]) {
    #expect(throws: WireError.truncated) { try tags(bytes) }
  }

  @Test(arguments: [[1, 0, 2, 1, 2], [1, 0, 5, 4, 0x63, 0x63, 0x63, 0]] as [[UInt8]])
  func aKnownTagMustFillItsSize(tail: [UInt8]) {
    var body = encoded(FetchRequest(), version: 12)
    body.removeLast()
    #expect(throws: WireError.badTag) { try decode(FetchRequest.self, version: 12, body + tail) }
  }

  @Test func knownTagsAreWrittenOnlyWhenNotDefault() throws {
    let plain = encoded(FetchRequest(), version: 15)
    #expect(plain.last == 0)
    let named = FetchRequest(clusterId: "c", replicaState: .init(replicaId: 4))
    let bytes = encoded(named, version: 15)
    #expect(bytes.starts(with: plain.dropLast()))
    #expect(
      Array(bytes.dropFirst(plain.count - 1)) == [2, 0, 2, 2, 0x63, 1, 13, 0, 0, 0, 4] + Array(repeating: 255, count: 8)
        + [0])
    let back = try decode(FetchRequest.self, version: 15, bytes)
    #expect(back.clusterId == "c" && back.replicaState.replicaId == 4)
  }

  @Test func knownAndUnknownTagsAreMergedInOrder() throws {
    var request = FetchRequest(clusterId: "c")
    request.unknownTags = [UnknownTag(tag: 9, bytes: [1]), UnknownTag(tag: 0, bytes: [2])]
    let back = try decode(FetchRequest.self, version: 12, encoded(request, version: 12), keepsUnknownTags: true)
    #expect(back.clusterId == "c" && back.unknownTags == [UnknownTag(tag: 9, bytes: [1])])
  }

  @Test func aTagOfALaterVersionIsUnknown() throws {
    var body = encoded(FetchRequest(), version: 12)
    body.removeLast()
    let back = try decode(FetchRequest.self, version: 12, body + [1, 1, 1, 7], keepsUnknownTags: true)
    #expect(back.unknownTags == [UnknownTag(tag: 1, bytes: [7])])
  }
}
