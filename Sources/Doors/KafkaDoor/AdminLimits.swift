/// Bounds on what one administrative request may ask for, where the size of the request does not bound the work.
enum AdminLimits {
  /// Groups, transactional ids, keys or resources that one request names: a tool that describes all groups of a node
  /// names them at once. Each takes a few hundred bytes while it is answered.
  static let namesPerRequest = 100_000
  /// Topics in one CreateTopics: each is validated, written and described on the engine's thread.
  static let topicsPerRequest = 2_000
  /// Settings in the answer to one DescribeConfigs: those of more than 6,000 topics. Its bytes are those of the largest
  /// Fetch at most, since a few bytes may ask for long documentation many times.
  static let describedSettings = 200_000
  /// Producers in the answer to one DescribeProducers.
  static let describedProducers = 100_000
  /// Partitions in one answer of DescribeTopicPartitions, where the request and `max.request.partition.size.limit` do
  /// not ask for fewer (KIP-966).
  static let describedPartitions: Int32 = 2_000
}
