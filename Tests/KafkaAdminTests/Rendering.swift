import ByteCodec
import KafkaWire
import Units

/// An answer as text, without what two brokers cannot have in common: ids, addresses, clocks, wordings, sizes of disks, the
/// order of a list.
struct Rendering {
  let ground: Exchange.Ground
  let api: APIKey

  /// Fields whose value is a broker's own business.
  private static let own: Set<String> = [
    "unknownTags", "throttleTimeMs", "errorMessage", "batchIndexErrorMessage", "host", "port", "clusterId", "logDir",
    "totalBytes", "usableBytes", "documentation", "finalizedFeaturesEpoch", "lastTimestamp", "nodeEndpoints",
  ]
  /// How brokers begin the ids that they make for members.
  private static let madeMember = "differential-"
  /// Numbers of which only the sign counts.
  private static let signs: Set<String> = ["producerId", "sessionId", "logAppendTimeMs"]
  /// What DescribeQuorum says of the metadata's log.
  private static let quorum: Set<String> = [
    "highWatermark", "leaderEpoch", "logEndOffset", "lastFetchTimestamp", "lastCaughtUpTimestamp",
    "replicaDirectoryId",
  ]

  func text(_ value: Any) -> String {
    if let id = value as? UniqueID {
      return id == .zero ? "no id" : ground.ids.first { $0.value == id }.map { "id of \($0.key)" } ?? "other id"
    }
    if let bytes = value as? ByteSlice { return hexadecimal(bytes.copy()) }
    if let text = value as? String { return text.hasPrefix(Self.madeMember) ? "an id made" : "'\(text)'" }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
      guard let inside = mirror.children.first else { return "null" }
      return text(inside.value)
    case .collection:
      return "[" + mirror.children.filter { isCommon($0.value) }.map { text($0.value) }.sorted().joined(separator: " ")
        + "]"
    case .struct:
      let fields = mirror.children.compactMap { field($0.label ?? "", $0.value) }
      return "{" + fields.joined(separator: " ") + "}"
    default: return "\(value)"
    }
  }

  private func field(_ label: String, _ value: Any) -> String? {
    if Self.own.contains(label) || api == .describeQuorum && Self.quorum.contains(label) { return nil }
    if Self.signs.contains(label) {
      let number = (value as? Int64) ?? (value as? Int32).map { Int64($0) } ?? 0
      return number > 0 || label == "producerId" && number == 0 ? "\(label)=some" : "\(label)=\(number)"
    }
    return "\(label)=\(text(value))"
  }

  /// Whether both brokers can have it: the other script's topics are Kafka's alone, and Kafka serves more APIs.
  private func isCommon(_ element: Any) -> Bool {
    if let key = element as? ApiVersionsResponse.ApiKey {
      return APIKey(rawValue: key.apiKey).map { Exchange.served.contains($0) } ?? false
    }
    for child in Mirror(reflecting: element).children {
      guard child.label == "name" || child.label == "resourceName", let name = child.value as? String? else { continue }
      // Into some topics the brokers take different things, for a reason: their sizes differ.
      if api == .describeLogDirs, let name, name.hasPrefix("diff-x") { return false }
      if let name, name.hasPrefix("admin") || name.hasPrefix("__") { return false }
    }
    return true
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
