import ByteCodec
import Coordination
import KafkaWire

/// Replies as a transcript prints them.
enum ReplyText {
  static func line(_ message: any WireMessage) -> String {
    switch message {
    case let join as JoinGroupResponse: return line(join)
    case let sync as SyncGroupResponse:
      guard sync.errorCode == 0 else { return "sync \(name(sync.errorCode))" }
      return "sync ok, \(sync.protocolName ?? "-"): \(text(sync.assignment))"
    case let beat as HeartbeatResponse: return "heartbeat \(name(beat.errorCode))"
    case let left as LeaveGroupResponse:
      guard left.errorCode == 0 else { return "leave \(name(left.errorCode))" }
      return "leave "
        + left.members.map { "\($0.groupInstanceId ?? $0.memberId) \(name($0.errorCode))" }
        .joined(separator: ", ")
    case let commit as OffsetCommitResponse:
      return "commit " + commit.topics.flatMap(\.partitions).map { name($0.errorCode) }.joined(separator: ", ")
    case let commit as TxnOffsetCommitResponse:
      return "stage " + commit.topics.flatMap(\.partitions).map { name($0.errorCode) }.joined(separator: ", ")
    case let fetch as OffsetFetchResponse: return line(fetch)
    case let described as DescribeGroupsResponse: return described.groups.map(line).joined(separator: "; ")
    case let listed as ListGroupsResponse:
      if listed.groups.isEmpty { return "no groups" }
      return listed.groups.map { "\($0.groupId) \($0.groupType) \($0.groupState) '\($0.protocolType)'" }
        .joined(separator: "; ")
    case let deleted as DeleteGroupsResponse:
      return deleted.results.map { "\($0.groupId) \(name($0.errorCode))" }.joined(separator: ", ")
    case let deleted as OffsetDeleteResponse:
      guard deleted.errorCode == 0 else { return name(deleted.errorCode) }
      return deleted.topics.flatMap { topic in
        topic.partitions.map { "\(topic.name)-\($0.partitionIndex) \(name($0.errorCode))" }
      }.joined(separator: ", ")
    default: return "\(message)"
    }
  }

  private static func line(_ join: JoinGroupResponse) -> String {
    guard join.errorCode == 0 else {
      return "join \(name(join.errorCode))" + (join.errorCode == 79 ? " \(join.memberId)" : "")
    }
    var line = "join ok, generation \(join.generationId), \(join.protocolName ?? "-")"
    line += join.leader == join.memberId ? ", leads" : ", led by \(join.leader)"
    if !join.members.isEmpty { line += " " + join.members.map(\.memberId).joined(separator: " ") }
    return line + (join.skipAssignment ? ", skips the assignment" : "")
  }

  private static func line(_ fetch: OffsetFetchResponse) -> String {
    let offsets = fetch.groups.flatMap { group in
      group.topics.flatMap { topic in
        topic.partitions.map { one in
          "\(topic.name)-\(one.partitionIndex) " + (one.errorCode == 0 ? "\(one.committedOffset)" : name(one.errorCode))
        }
      }
    }
    return offsets.isEmpty ? "no offsets" : offsets.joined(separator: ", ")
  }

  private static func line(_ group: DescribeGroupsResponse.Group) -> String {
    guard group.errorCode == 0 else { return "\(group.groupState) \(name(group.errorCode))" }
    let members = group.members.map { "\($0.memberId) \(text($0.memberAssignment))" }.joined(separator: ", ")
    return "\(group.groupState) \(group.protocolType)/\(group.protocolData) [\(members)]"
  }

  static func name(_ code: Int16) -> String { code == 0 ? "ok" : "\(ErrorCode(rawValue: code)) (\(code))" }

  static func text(_ bytes: [UInt8]) -> String { bytes.isEmpty ? "nothing" : String(decoding: bytes, as: UTF8.self) }
}

/// Records as a transcript prints them.
enum RecordText {
  static func line(_ record: CoordinatorRecord) -> String {
    do throws(WireError) {
      var key = ByteReader(record.key.span.bytes)
      switch try key.readInt16() {
      case 1:
        let name = try OffsetCommitKey(from: &key, version: 0)
        let about = "writes offset \(name.group)/\(name.topic)-\(name.partition)"
        guard let value = record.value else { return about + " removed" }
        var reader = ByteReader(value.span.bytes)
        let version = try reader.readInt16()
        return about + " = \(try OffsetCommitValue(from: &reader, version: version).offset)"
      case 2:
        let name = try GroupMetadataKey(from: &key, version: 0)
        guard let value = record.value else { return "writes group \(name.group) removed" }
        var reader = ByteReader(value.span.bytes)
        let version = try reader.readInt16()
        let group = try GroupMetadataValue(from: &reader, version: version)
        let members = group.members.map { "\($0.memberId) \(ReplyText.text($0.assignment))" }
        return "writes group \(name.group) generation \(group.generation) [\(members.joined(separator: ", "))]"
      case let type: return "writes a record of type \(type)"
      }
    } catch {
      return "writes a record that cannot be read"
    }
  }
}
