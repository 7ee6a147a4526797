import ByteCodec
import KafkaWire
import Testing
import Units

@Suite struct MessageTests {
  @Test func fieldsAVersionLacksHoldTheirDefaults() throws {
    let old = try decode(
      FetchRequest.self, version: 4, encoded(FetchRequest(replicaId: 5, topics: [.init(topic: "a")]), version: 4))
    #expect(old.replicaId == 5 && old.sessionEpoch == -1 && old.rackId == "" && old.clusterId == nil)
    let new = try decode(FetchRequest.self, version: 18, encoded(FetchRequest(replicaId: 5), version: 18))
    #expect(new.replicaId == -1 && new.replicaState.replicaEpoch == -1 && new.maxBytes == Int32.max)
  }

  @Test func versionsOutsideAreRefusedOrTakenAsTheNearest() {
    #expect(throws: WireError.unsupportedVersion) { try decode(FetchRequest.self, version: 3, []) }
    #expect(throws: WireError.unsupportedVersion) { try decode(FetchRequest.self, version: 19, []) }
    let request = FetchRequest(topics: [.init(topic: "a")])
    #expect(encoded(request, version: -1) == encoded(request, version: 4))
    #expect(encoded(request, version: .max) == encoded(request, version: 18))
  }

  @Test func payloadsShareTheRequestsBlock() throws {
    let records = ByteSlice(copying: Array(repeating: 7, count: 4096))
    let request = ProduceRequest(
      acks: -1, topicData: [.init(name: "t", partitionData: [.init(index: 3, records: records), .init(index: 4)])])
    var writer = ByteWriter()
    request.encode(to: &writer, version: 9)
    let parts = writer.takeParts()
    #expect(parts.contains { $0.block === records.block }, "spliced, not copied")
    let whole = ByteSlice(copying: parts.flatMap { $0.copy() })
    var reader = ByteReader(whole)
    let back = try ProduceRequest(from: &reader, version: 9)
    let partitions = try #require(back.topicData.first).partitionData
    #expect(partitions.map(\.index) == [3, 4])
    #expect(partitions[0].records?.block === whole.block && partitions[0].records?.count == 4096)
    #expect(partitions[1].records == nil)
  }

  @Test func nullsAreEmptyWhereAVersionHasNone() throws {
    let all = encoded(MetadataRequest(topics: nil), version: 1)
    #expect(try decode(MetadataRequest.self, version: 1, all).topics == nil)
    let none = encoded(MetadataRequest(topics: nil), version: 0)
    #expect(none == [0, 0, 0, 0])
    #expect(throws: WireError.unexpectedNull) { try decode(MetadataRequest.self, version: 0, [255, 255, 255, 255]) }
    #expect(throws: WireError.unexpectedNull) { try decode(HeartbeatRequest.self, version: 0, [255, 255]) }
    #expect(throws: WireError.badLength) { try decode(HeartbeatRequest.self, version: 0, [255, 254]) }
  }

  @Test(arguments: [0, 4] as [Int16]) func textThatIsTooLongIsCutAtACharacter(version: Int16) throws {
    let long = "a" + String(repeating: "é", count: 20_000)
    let bytes = encoded(HeartbeatRequest(groupId: long), version: version)
    let cut = try decode(HeartbeatRequest.self, version: version, bytes).groupId
    #expect(cut.utf8.count == 32_767 && long.hasPrefix(cut))
  }

  /// As in Apache Kafka: what is stored with a name of that length would be stored under another one.
  @Test func textOfMoreThanSixteenBitsIsRefused() throws {
    var writer = ByteWriter()
    writer.writeVarUInt32(32_768 + 1)
    writer.writeBytes([UInt8](repeating: 0x61, count: 32_768))
    let bytes = writer.takeSlice().copy()
    #expect(throws: WireError.badLength) { try decode(HeartbeatRequest.self, version: 4, bytes) }
  }

  @Test func nullableStructures() throws {
    let without = encoded(DescribeTopicPartitionsRequest(responsePartitionLimit: 5), version: 0)
    #expect(try decode(DescribeTopicPartitionsRequest.self, version: 0, without).cursor == nil)
    let with = DescribeTopicPartitionsRequest(cursor: .init(topicName: "t", partitionIndex: 2))
    let back = try decode(DescribeTopicPartitionsRequest.self, version: 0, encoded(with, version: 0))
    #expect(back.cursor?.topicName == "t" && back.cursor?.partitionIndex == 2)
  }

  @Test func recordsOfInternalTopics() throws {
    #expect(OffsetCommitKey.recordType == 1 && GroupMetadataValue.versions == 0...4)
    let value = OffsetCommitValue(offset: 77, metadata: "m", commitTimestamp: 5)
    for version in OffsetCommitValue.versions {
      let back = try decode(OffsetCommitValue.self, version: version, encoded(value, version: version))
      #expect(back.offset == 77 && back.metadata == "m" && back.leaderEpoch == -1)
    }
    let member = ConsumerGroupMemberMetadataValue(classicMemberMetadata: nil)
    let again = try decode(ConsumerGroupMemberMetadataValue.self, version: 0, encoded(member, version: 0))
    #expect(again.classicMemberMetadata == nil)
    let update = TransactionLogValue(transactionPartitions: nil, nextProducerId: 8)
    #expect(try decode(TransactionLogValue.self, version: 1, encoded(update, version: 1)).nextProducerId == 8)
  }
}
