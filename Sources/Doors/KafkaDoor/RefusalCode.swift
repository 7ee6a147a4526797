import Broker
import KafkaWire

extension Refusal {
  /// The protocol's code for why the engine refused.
  var code: ErrorCode {
    switch kind {
    case .unknownTopic: .unknownTopicOrPartition
    case .unknownTopicID: .unknownTopicId
    case .invalidTopicName: .invalidTopicException
    case .topicExists: .topicAlreadyExists
    case .invalidPartitionCount: .invalidPartitions
    case .invalidReplicationFactor: .invalidReplicationFactor
    case .invalidReplicaAssignment: .invalidReplicaAssignment
    case .invalidConfig: .invalidConfig
    case .invalidRequest: .invalidRequest
    case .policyViolation: .policyViolation
    case .topicDeletionDisabled: .topicDeletionDisabled
    case .offsetOutOfRange: .offsetOutOfRange
    case .tooManyPartitions: .policyViolation
    case .busy: .kafkaStorageError
    case .storage: .kafkaStorageError
    }
  }
}
