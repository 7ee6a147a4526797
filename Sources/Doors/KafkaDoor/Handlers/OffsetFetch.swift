import ByteCodec
import Coordination
import KafkaWire
import Units

/// OffsetFetch 1-10 (KIP-320 leader epochs, KIP-447 only stable offsets, KIP-709 many groups from version 8 on, KIP-848
/// member epochs, topic ids from version 10 on).
///
/// Groups whose offsets cannot be read are answered with COORDINATOR_LOAD_IN_PROGRESS: "no offset" would make their
/// consumers begin anew. A group named twice is answered once, a partition within it too: its offset may be long.
extension KafkaDoor {
  func offsetFetch(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(OffsetFetchRequest.self)
    if message.groups.shorten() { return refuseTooMany(request, with: message.refused(.invalidRequest)) }
    message.dropRepeats()
    let owners = request.version >= 8 ? message.groups.map(\.groupId) : [message.groupId]
    let call = CoordinatorCall(owners: owners, decides: false, seesTopics: true)
    return ask(call, for: request, refused: message.refused(.coordinatorLoadInProgress)) {
      groups, caller, waiter, context, effects in
      groups.fetchOffsets(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension OffsetFetchRequest {
  /// A partition of a topic, which is named in one way or the other.
  private struct Place: Hashable {
    var id = UniqueID.zero
    var name = ""
    var index: Int32
  }

  /// Leaves each group once, and each partition of it.
  fileprivate mutating func dropRepeats() {
    var names: Set<String> = []
    groups.removeAll { !names.insert($0.groupId).inserted }
    for place in groups.indices {
      var seen: Set<Place> = []
      for topic in (groups[place].topics ?? []).indices {
        guard let named = groups[place].topics?[topic] else { continue }
        groups[place].topics?[topic].partitionIndexes.removeAll {
          !seen.insert(Place(id: named.topicId, name: named.name, index: $0)).inserted
        }
      }
    }
    var seen: Set<Place> = []
    for topic in (topics ?? []).indices {
      guard let name = topics?[topic].name else { continue }
      topics?[topic].partitionIndexes.removeAll { !seen.insert(Place(name: name, index: $0)).inserted }
    }
  }

  /// The answer that refuses everything with `code`, wherever the version looks for it.
  fileprivate func refused(_ code: ErrorCode) -> OffsetFetchResponse {
    OffsetFetchResponse(
      groups: groups.map { .init(groupId: $0.groupId, errorCode: code.rawValue) },
      topics: (topics ?? []).map { topic in
        .init(
          name: topic.name,
          partitions: topic.partitionIndexes.map {
            .init(
              partitionIndex: $0, committedOffset: -1, committedLeaderEpoch: -1, metadata: "",
              errorCode: code.rawValue)
          })
      }, errorCode: code.rawValue)
  }
}
