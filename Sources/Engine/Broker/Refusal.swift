/// Why the engine did not do what was asked. Each door maps it to its protocol's error; `reason` is for people.
package struct Refusal: Error, Equatable {
  package enum Kind: Equatable, Sendable {
    case unknownTopic
    case unknownTopicID
    case invalidTopicName
    case topicExists
    case invalidPartitionCount
    case invalidReplicationFactor
    case invalidReplicaAssignment
    case invalidConfig
    case invalidRequest
    case policyViolation
    case topicDeletionDisabled
    case offsetOutOfRange
    case tooManyPartitions
    /// The disk is full or behind: try again later.
    case busy
    case storage
  }

  package var kind: Kind
  package var reason: String

  package init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}
