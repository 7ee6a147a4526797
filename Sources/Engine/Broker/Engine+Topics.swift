import Coordination
package import LogStore
import Machine
import Settings
package import Units

/// A change that was decided: what it made, and from when on it may be shown.
package struct Decided<Value> {
  package var value: Value
  package var sequence: JournalSequence

  package init(value: Value, sequence: JournalSequence) {
    self.value = value
    self.sequence = sequence
  }
}

extension Engine {
  /// Makes a topic of `partitions` partitions with `overrides`, or only checks that it could.
  package func createTopic(
    _ name: String, partitions: Int32, overrides: [String: String], validateOnly: Bool = false
  ) -> Result<Decided<TopicDescription>, Refusal> {
    if let fault = TopicName.fault(in: name) { return .failure(Refusal(.invalidTopicName, fault)) }
    if TopicName.isInternal(name) {
      return .failure(Refusal(.invalidRequest, "'\(name)' is kept by the server itself"))
    }
    if catalogue.id(of: name) != nil { return .failure(Refusal(.topicExists, "Topic '\(name)' already exists.")) }
    if let other = catalogue.collision(with: name) {
      return .failure(
        Refusal(.invalidTopicName, "Topic '\(name)' collides with '\(other)': '.' and '_' count as the same"))
    }
    guard partitions > 0 else {
      return .failure(Refusal(.invalidPartitionCount, "Number of partitions must be larger than 0."))
    }
    if let refusal = roomForPartitions(Int(partitions)) { return .failure(refusal) }
    let stored: [String: String]
    do throws(SettingError) {
      stored = try layers.replacing(with: overrides.map { ($0.key, $0.value) }, of: .topic)
    } catch {
      return .failure(Refusal(.invalidConfig, error.message))
    }
    let topic = TopicDescription(
      id: entropy.uniqueID(), name: name, partitionCount: partitions, overrides: stored)
    if validateOnly { return .success(Decided(value: topic, sequence: catalogueChange)) }
    return .success(Decided(value: topic, sequence: store.change([.topicCreated(topic)])))
  }

  /// Removes a topic and all it holds.
  package func deleteTopic(_ id: UniqueID) -> Result<Decided<TopicDescription>, Refusal> {
    guard let topic = catalogue.topic(id)?.description else {
      return .failure(Refusal(.unknownTopicID, "no topic has this id"))
    }
    guard settings.topics.isDeletionAllowed else {
      return .failure(Refusal(.topicDeletionDisabled, "delete.topic.enable is false"))
    }
    if TopicName.isInternal(topic.name) {
      return .failure(Refusal(.policyViolation, "'\(topic.name)' is kept by the server itself"))
    }
    let keys = (0..<topic.partitionCount).map { PartitionKey(topic: id, index: $0) }
    let sequence = store.change([.topicDeleted(id)])
    traffic.forget(id)
    settingsChanged(of: id)
    wakeFetches(on: keys)
    let facts = TopicFacts(id: id, name: topic.name, partitionCount: topic.partitionCount)
    runGroups { groups, context, effects in groups.topicDeleted(facts, context, into: &effects) }
    return .success(Decided(value: topic, sequence: sequence))
  }

  /// Gives a topic more partitions: `count` in all.
  package func addPartitions(
    to id: UniqueID, count: Int32, validateOnly: Bool = false
  ) -> Result<Decided<Int32>, Refusal> {
    guard let topic = catalogue.topic(id)?.description else {
      return .failure(Refusal(.unknownTopicID, "no topic has this id"))
    }
    guard count > topic.partitionCount else {
      return .failure(
        Refusal(
          .invalidPartitionCount,
          "The topic \(topic.name) currently has \(topic.partitionCount) partition(s); \(count) would not be an increase."
        ))
    }
    if TopicName.isInternal(topic.name) {
      // The number of partitions decides which of them holds the records of a group.
      return .failure(Refusal(.policyViolation, "'\(topic.name)' is kept by the server itself"))
    }
    if let refusal = roomForPartitions(Int(count) - Int(topic.partitionCount)) { return .failure(refusal) }
    if validateOnly { return .success(Decided(value: count, sequence: catalogueChange)) }
    return .success(Decided(value: count, sequence: store.change([.partitionsAdded(topic: id, count: count)])))
  }

  private func roomForPartitions(_ more: Int) -> Refusal? {
    let most = Int(settings.topics.maxPartitions)
    guard more > most - catalogue.partitionCount else { return nil }
    return Refusal(
      .tooManyPartitions,
      "\(more) partitions more than the \(catalogue.partitionCount) there are would exceed max.partitions, \(most)")
  }

  /// Stores the overrides of a topic, which the caller has made with `layers.applying` or `layers.replacing`.
  package func setTopicOverrides(_ id: UniqueID, _ overrides: [String: String]) -> JournalSequence {
    let sequence = store.change([.topicSettingsChanged(topic: id, overrides: overrides)])
    settingsChanged(of: id)
    return sequence
  }

  /// Why a broker, the brokers' default or a group may not have these overrides: what groups have set is kept in memory
  /// and in every checkpoint, and any name makes a group.
  package func refusal(of overrides: [String: String], for resource: ConfiguredResource) -> Refusal? {
    guard resource.kind == .group, !overrides.isEmpty else { return nil }
    guard resource.name.utf8.count <= SettingLimits.groupNameBytes else {
      return Refusal(
        .invalidRequest,
        "a group with settings of its own may have a name of \(SettingLimits.groupNameBytes) bytes at most")
    }
    guard overrides.reduce(0, { $0 + $1.key.utf8.count + $1.value.utf8.count }) <= SettingLimits.groupBytes else {
      return Refusal(
        .invalidConfig, "the settings of a group may have \(SettingLimits.groupBytes) bytes at most, names and values")
    }
    guard catalogue.settings[resource] != nil || catalogue.settings.count < SettingLimits.resources else {
      return Refusal(
        .policyViolation,
        "\(catalogue.settings.count) groups have settings of their own already: delete those of others")
    }
    return nil
  }

  /// Stores the overrides of a broker, the brokers' default or a group, which `refusal` has nothing against.
  package func setOverrides(_ resource: ConfiguredResource, _ overrides: [String: String]) -> JournalSequence {
    let sequence = store.change([.settingsChanged(resource, overrides: overrides)])
    if resource.kind == .group { applySettings(ofGroup: resource.name) } else { settingsChanged() }
    return sequence
  }
}
