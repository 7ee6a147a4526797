import KafkaWire
import Measuring
import Units
import WireClient

/// What scenarios do with topics.
package enum Topics {
  /// Makes a topic.
  package static func make(
    _ name: String, partitions: Int = 1, settings: [(String, String)] = [], at address: String
  ) throws {
    let configs = settings.map { CreateTopicsRequest.Topic.Config(name: $0.0, value: $0.1) }
    let answer = try WireClient(address, patience: 120).call(
      CreateTopicsRequest(topics: [
        .init(name: name, numPartitions: Int32(partitions), replicationFactor: 1, configs: configs)
      ]), version: 5, as: CreateTopicsResponse.self)
    let code = answer.topics.first?.errorCode ?? -1
    guard code == 0 else { throw MeasuringFailure("topic \(name) was not made: error \(code)") }
  }

  static func id(of name: String, at address: String) throws -> UniqueID {
    let answer = try WireClient(address).call(
      MetadataRequest(topics: [.init(name: name)]), version: 12, as: MetadataResponse.self)
    guard let topic = answer.topics.first, topic.errorCode == 0 else {
      throw MeasuringFailure("there is no topic \(name)")
    }
    return topic.topicId
  }

  /// Changes a setting of a topic.
  static func set(_ setting: String, to value: String, of topic: String, at address: String) throws {
    let answer = try WireClient(address).call(
      IncrementalAlterConfigsRequest(resources: [
        .init(
          resourceType: 2, resourceName: topic,
          configs: [.init(name: setting, configOperation: 0, value: value)])
      ]), version: 1, as: IncrementalAlterConfigsResponse.self)
    guard let first = answer.responses.first, first.errorCode == 0 else {
      throw MeasuringFailure("\(setting) of topic \(topic) was not changed")
    }
  }

  /// Has the topic made that keeps groups: its first use makes it.
  static func makeCoordinator(at address: String) throws {
    let answer = try WireClient(address).call(
      FindCoordinatorRequest(keyType: 0, coordinatorKeys: ["group-0"]), version: 4, as: FindCoordinatorResponse.self)
    guard answer.coordinators.first?.errorCode == 0 else { throw MeasuringFailure("no coordinator") }
  }
}
