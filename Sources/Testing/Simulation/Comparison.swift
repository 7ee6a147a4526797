import Broker
import LogStore
import SimMachine
import Units

/// Compares a node that has just started with the model, in everything.
enum Comparison {
  static func all(_ node: SimNode, _ model: Model, _ random: inout SeededRandom) throws(SimFailure) {
    let store = node.engine.store
    try catalogue(store, model)
    for topic in model.topics.values.sorted(by: { $0.name < $1.name }) {
      for partition in topic.partitions {
        try Reader.checkAll(partition, engine: node.engine, node: node, random: &random)
        try producers(partition, store)
      }
    }
  }

  static func catalogue(_ store: LogStore, _ model: Model) throws(SimFailure) {
    guard store.catalogue.topics.count == model.topics.count else {
      throw .wrong("\(store.catalogue.topics.count) topics after recovery, \(model.topics.count) were acknowledged")
    }
    guard store.catalogue.producerIDEnd == model.reservedIDs else {
      throw .wrong("producer ids up to \(store.catalogue.producerIDEnd), \(model.reservedIDs) were reserved")
    }
    for (id, topic) in model.topics.sorted(by: { $0.key < $1.key }) {
      guard let found = store.catalogue.topic(id)?.description, found.name == topic.name,
        found.overrides == topic.overrides, Int(found.partitionCount) == topic.partitions.count
      else { throw .wrong("topic \(topic.name) is not what was acknowledged") }
    }
  }

  static func producers(_ partition: Model.Partition, _ store: LogStore) throws(SimFailure) {
    for producer in partition.remembered.keys.sorted() {
      let expected = partition.recent(of: producer).map(\.base)
      let found = store.partition(partition.key)?.producers.producers[producer]?.batches.map(\.baseOffset) ?? []
      if expected != found {
        throw .wrong("\(partition.key.folder): producer \(producer) is remembered at \(found), \(expected) was stored")
      }
    }
  }
}
