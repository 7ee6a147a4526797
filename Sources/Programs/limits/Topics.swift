import KafkaWire
import Measuring
import WireClient

/// What scenarios do with topics.
enum Topics {
  /// Makes a topic.
  static func make(
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
}
