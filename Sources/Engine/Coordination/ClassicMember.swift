import KafkaWire
import Units

/// A member of a classic group.
struct ClassicMember {
  /// A protocol that the member offers: for consumers an assignor, with the subscription as the assignor wants it.
  struct Offer: Equatable {
    var name: String
    var metadata: [UInt8]
  }

  var id: String
  /// The name of a static member (KIP-345).
  var instance: String?
  var clientID: String
  var host: String
  var rebalanceTimeoutMs: Int32
  var sessionTimeoutMs: Int32
  /// In the member's order of preference, each name once.
  var offers: [Offer]
  /// What the leader gave to it; opaque.
  var assignment: [UInt8] = []
  /// Members are listed in the order in which they came.
  var arrival = 0
  /// Whether it has not been through a round yet: it may expire while its Join is parked.
  var isNew = false
  /// Whether it has joined the round that gathers, whoever still waits for the answer.
  var hasJoined = false
  /// When it last committed offsets.
  var lastCommit: Timestamp?
  /// The parked Join.
  var join: Waiter?
  /// The parked Sync.
  var sync: Waiter?

  /// The bytes that go with the protocol, or none.
  func metadata(of protocolName: String?) -> [UInt8] {
    offers.first { $0.name == protocolName }?.metadata ?? []
  }

  /// The first of its protocols that everybody can speak.
  func vote(among candidates: [String: Int], of count: Int) -> String? {
    offers.first { candidates[$0.name] == count }?.name
  }
}

extension ClassicMember {
  /// The offers of a request, each name once.
  static func offers(of protocols: [JoinGroupRequest.MemberProtocol]) -> [Offer] {
    var seen: Set<String> = []
    return protocols.compactMap { seen.insert($0.name).inserted ? Offer(name: $0.name, metadata: $0.metadata) : nil }
  }
}
