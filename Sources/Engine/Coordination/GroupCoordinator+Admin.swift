package import KafkaWire
import Units

// What administrators ask: ListGroups (KIP-518, KIP-848), DescribeGroups, DeleteGroups, OffsetDelete (KIP-496).
extension GroupCoordinator {
  /// ListGroups, in the order of the names.
  package func listGroups(
    _ request: ListGroupsRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let states = Set(request.statesFilter.map { $0.trimmed.lowercased() })
    let types = Set(request.typesFilter.map { $0.trimmed.lowercased() })
    var reply = ListGroupsResponse()
    for id in groups.keys.sorted() {
      guard let group = groups[id] else { continue }
      guard states.isEmpty || states.contains(group.stateName.lowercased()) else { continue }
      guard types.isEmpty || types.contains(group.typeName) else { continue }
      reply.groups.append(
        .init(
          groupId: id, protocolType: group.protocolType, groupState: group.stateName, groupType: group.typeName))
    }
    effects.reply(to: waiter, reply, sees: [.groups])
  }

  /// DescribeGroups: classic groups only. One without a name is a group here, as it is for a commit.
  package func describeGroups(
    _ request: DescribeGroupsRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var reply = DescribeGroupsResponse()
    for id in request.groups {
      if case .classic(let group)? = groups[id]?.membership {
        var description = group.description
        if request.includeAuthorizedOperations { description.authorizedOperations = AllowedOperations.group }
        reply.groups.append(description)
      } else if caller.version >= 6 {
        let text = groups[id] == nil ? "Group \(id) not found." : "Group \(id) is not a classic group."
        reply.groups.append(
          .init(
            errorCode: ErrorCode.groupIdNotFound.rawValue, errorMessage: text, groupId: id, groupState: "Dead"))
      } else {
        reply.groups.append(.init(groupId: id, groupState: "Dead"))
      }
    }
    effects.reply(to: waiter, reply, sees: request.groups.map { .membership(group: $0) } + [.groups])
  }

  /// DeleteGroups: groups without members, with their offsets.
  package mutating func deleteGroups(
    _ request: DeleteGroupsRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var reply = DeleteGroupsResponse()
    for id in request.groupsNames {
      var error = ErrorCode.none
      if let group = groups[id] {
        if group.isEmpty { removeGroup(id, into: &effects) } else { error = .nonEmptyGroup }
      } else {
        error = .groupIdNotFound
      }
      reply.results.append(.init(groupId: id, errorCode: error.rawValue))
    }
    let marks = request.groupsNames.flatMap { [CoordinatorMark.membership(group: $0), .offsets(group: $0)] }
    effects.reply(to: waiter, reply, sees: marks)
  }

  /// OffsetDelete: offsets of topics that nobody in the group reads.
  package mutating func deleteOffsets(
    _ request: OffsetDeleteRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var reply = OffsetDeleteResponse()
    let id = request.groupId
    if let refusal = refusalOfDeletion(of: id) {
      reply.errorCode = refusal.rawValue
    } else if let group = groups[id] {
      var removed: [PartitionName] = []
      for topic in request.topics {
        let facts = context.topics.topic(named: topic.name)
        let refusal: ErrorCode = group.isSubscribed(to: topic.name) ? .groupSubscribedToTopic : .none
        var answers: [OffsetDeleteResponse.Topic.Partition] = []
        for index in topic.partitions.map(\.partitionIndex) {
          let name = PartitionName(topic: topic.name, partition: index)
          let error = facts?.holds(index) == true ? refusal : .unknownTopicOrPartition
          if error == .none, group.offsets.holds(name) { removed.append(name) }
          answers.append(.init(partitionIndex: index, errorCode: error.rawValue))
        }
        reply.topics.append(.init(name: topic.name, partitions: answers))
      }
      remove(removed, of: id, into: &effects)
    }
    effects.reply(to: waiter, reply, sees: [.membership(group: id), .offsets(group: id)])
  }

  private func refusalOfDeletion(of id: String) -> ErrorCode? {
    if id.isEmpty { return .invalidGroupId }
    guard let group = groups[id] else { return .groupIdNotFound }
    // What members of other protocol types read is not known here.
    return group.isEmpty || group.protocolType == EmbeddedProtocol.name ? nil : .nonEmptyGroup
  }
}

extension GroupCoordinator.Group {
  /// Whether it has no members.
  var isEmpty: Bool {
    switch membership {
    case .classic(let group): group.state == .empty
    case .consumer(let group): group.isEmpty
    }
  }

  /// The state's name in the protocol.
  var stateName: String {
    switch membership {
    case .classic(let group): group.state.rawValue
    case .consumer(let group): group.phase.rawValue
    }
  }

  /// The type's name in the protocol.
  var typeName: String {
    switch membership {
    case .classic: "classic"
    case .consumer: "consumer"
    }
  }

  var protocolType: String {
    switch membership {
    case .classic(let group): group.protocolType ?? ""
    case .consumer: EmbeddedProtocol.name
    }
  }
}

extension ClassicGroup {
  /// What DescribeGroups says. Metadata and assignments are shown when they belong together.
  var description: DescribeGroupsResponse.Group {
    let isStable = state == .stable
    return DescribeGroupsResponse.Group(
      groupId: id, groupState: state.rawValue, protocolType: protocolType ?? "",
      protocolData: isStable ? protocolName ?? "" : "",
      members: membersInOrder.map { member in
        DescribeGroupsResponse.Group.Member(
          memberId: member.id, groupInstanceId: member.instance, clientId: member.clientID, clientHost: member.host,
          memberMetadata: isStable ? member.metadata(of: protocolName) : [],
          memberAssignment: isStable ? member.assignment : [])
      })
  }
}

extension String {
  /// The text without blanks around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
