import ByteCodec
import KafkaWire
import Testing

@Suite struct HostileInputTests {
  /// Every message type and version against `body`; whatever is not refused must be written and read again.
  private func throwAtEverything(_ body: [UInt8]) {
    let slice = ByteSlice(copying: body)
    for api in APIKey.allCases {
      for type in [api.requestType, api.responseType] {
        for version in type.versions {
          var reader = ByteReader(slice)
          reader.keepsUnknownTags = true
          guard let message = try? type.init(from: &reader, version: version) else { continue }
          var writer = ByteWriter()
          message.encode(to: &writer, version: version)
          #expect(writer.count <= reader.position, "\(type) v\(version) grew")
        }
      }
    }
  }

  @Test(arguments: [0x00, 0x01, 0x7F, 0x80, 0xFF] as [UInt8])
  func oneByteOverAndOver(byte: UInt8) {
    for length in [0, 1, 7, 64, 1024] { throwAtEverything(Array(repeating: byte, count: length)) }
  }

  @Test func randomBytes() {
    var numbers = SeededNumbers(state: 42)
    for _ in 0..<20 {
      let small = Bool.random(using: &numbers)
      throwAtEverything((0..<1024).map { _ in UInt8.random(in: 0...(small ? 3 : 255), using: &numbers) })
    }
  }

  @Test func countsBeyondTheInputAreRefusedBeforeAnythingIsMade() {
    let fixed: [UInt8] = Array(repeating: 0, count: 17)
    for count in [Int32.max, 1_000_000, 300] {
      let body = fixed + withUnsafeBytes(of: count.bigEndian) { Array($0) } + Array(repeating: 0, count: 1000)
      #expect(throws: WireError.truncated) { try decode(FetchRequest.self, version: 4, body) }
    }
    let negative = fixed + [0xFF, 0xFF, 0xFF, 0xFE] + Array(repeating: 0, count: 1000)
    #expect(throws: WireError.badLength) { try decode(FetchRequest.self, version: 4, negative) }
    let varint: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F] + Array(repeating: 0, count: 1000)
    #expect(throws: WireError.truncated) { try decode(MetadataRequest.self, version: 12, varint) }
    #expect(throws: WireError.truncated) { try decode(DeleteGroupsRequest.self, version: 2, varint) }
  }

  @Test func manySmallElementsStayWithinTheAllowance() throws {
    let names = DeleteGroupsRequest(groupsNames: Array(repeating: "", count: 200_000))
    #expect(try decode(DeleteGroupsRequest.self, version: 2, encoded(names, version: 2)).groupsNames.count == 200_000)
    let topics = MetadataRequest(topics: (0..<20_000).map { .init(name: "t\($0)") })
    for version in MetadataRequest.versions {
      #expect(
        try decode(MetadataRequest.self, version: version, encoded(topics, version: version)).topics?.count == 20_000)
    }
    let offsets = OffsetFetchRequest(
      groups: [.init(groupId: "g", topics: (0..<20_000).map { .init(name: "\($0)", partitionIndexes: [0]) })])
    let back = try decode(OffsetFetchRequest.self, version: 9, encoded(offsets, version: 9))
    #expect(back.groups.first?.topics?.count == 20_000)
  }
}
