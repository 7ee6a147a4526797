import Broker
import KafkaWire
import LogStore
import Settings
import Units

/// All that a Produce must know of a topic, looked up once instead of for every batch.
final class ProduceRoute {
  let topic: Catalogue.Topic
  let rules: ProduceRules
  let appendRules: AppendRules
  /// Clients may not write to it.
  let isInternal: Bool
  /// By number, from 0 on.
  private let partitions: [PartitionLog?]

  init(_ topic: Catalogue.Topic, _ engine: Engine) {
    let id = topic.description.id
    self.topic = topic
    rules = ProduceRules(
      engine.topicSettings(id), walksRecords: engine.settings.storage.recordValidation == .full)
    appendRules = engine.appendRules(of: id)
    isInternal = TopicName.isInternal(topic.description.name)
    partitions = (0..<max(topic.description.partitionCount, 0)).map {
      engine.store.partition(PartitionKey(topic: id, index: $0))
    }
  }

  func partition(_ index: Int32) -> PartitionLog? {
    partitions.indices.contains(Int(index)) ? partitions[Int(index)] : nil
  }
}

/// The routes of topics that are produced to, as of the last change of the catalogue.
struct ProduceRoutes {
  private var named: [String: ProduceRoute] = [:]
  private var identified: [UniqueID: ProduceRoute] = [:]
  private var asOf = JournalSequence.start

  /// The route to the topic that `data` names, by its id from version 13 on; nil where there is none.
  mutating func route(of data: ProduceRequest.TopicData, version: Int16, _ engine: Engine) -> ProduceRoute? {
    let change = engine.catalogueChange
    if change != asOf { (named, identified, asOf) = ([:], [:], change) }
    let usesIDs = version >= 13
    if let known = usesIDs ? identified[data.topicId] : named[data.name] { return known }
    let topic = usesIDs ? engine.catalogue.topic(data.topicId) : engine.catalogue.topic(named: data.name)
    guard let topic else { return nil }
    let route = ProduceRoute(topic, engine)
    if usesIDs { identified[data.topicId] = route } else { named[data.name] = route }
    return route
  }
}
