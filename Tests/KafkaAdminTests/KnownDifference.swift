/// An exchange that the two brokers answer differently, and why that stays so. In each of its versions they must differ.
struct KnownDifference: Sendable {
  let name: String
  let versions: ClosedRange<Int16>
  let reason: String

  static let all: [KnownDifference] = [
    .init(
      name: "Metadata: neither name nor id", versions: 12...13,
      reason: "INVALID_REQUEST says what is wrong, UNKNOWN_SERVER_ERROR does not"),
    .init(
      name: "Produce: null records", versions: 13...13,
      reason: "Kafka never answers; an error tells the client more"),
    .init(
      name: "Produce: a wrong magic", versions: 3...13,
      reason: "a batch of no known format is an invalid record, which no client sends again"),
    .init(
      name: "Produce: a batch cut short", versions: 3...13,
      reason: "a batch that ends too early is taken as damaged on its way, which clients send again"),
    .init(
      name: "Produce: no partitions", versions: 3...13,
      reason: "each topic of a request is named in the answer"),
    .init(
      name: "Produce: a partition twice", versions: 3...13,
      reason: "each batch of a request gets an answer; Kafka stores one and drops the others unsaid"),
    .init(
      name: "Fetch: negative bytes", versions: 4...18,
      reason: "taken as 0, which gives the first batch whole; Kafka answers UNKNOWN_SERVER_ERROR"),
    .init(
      name: "Fetch: an isolation of 5", versions: 4...18,
      reason: "anything but 1 reads uncommitted; Kafka answers UNKNOWN_SERVER_ERROR"),
    .init(
      name: "Fetch: a partition twice", versions: 4...18,
      reason: "each entry of a request gets an answer"),
    .init(
      name: "ListOffsets: a partition twice", versions: 1...11,
      reason: "the first entry is answered and the others refused; Kafka refuses all with one"),
    .init(
      name: "ListOffsets: an unknown one twice", versions: 1...11,
      reason: "the first entry is answered and the others refused; Kafka refuses all with one"),
    .init(
      name: "ListOffsets: no partitions", versions: 1...11,
      reason: "each topic of a request is named in the answer"),
    .init(
      name: "DeleteRecords: no partitions", versions: 0...2,
      reason: "each topic of a request is named in the answer"),
    .init(
      name: "CreateTopics: a topic", versions: 5...7,
      reason: "a Kafka cluster sets min.insync.replicas for itself, so its source is another"),
    .init(
      name: "CreateTopics: only validated", versions: 5...7,
      reason: "a Kafka cluster sets min.insync.replicas for itself, so its source is another"),
    .init(
      name: "DescribeConfigs: a topic", versions: 1...4,
      reason: "a Kafka cluster sets min.insync.replicas for itself; stand-ins of another unit are named"),
    .init(
      name: "DescribeConfigs: a topic without synonyms", versions: 1...4,
      reason: "a Kafka cluster sets min.insync.replicas for itself"),
    .init(
      name: "DescribeConfigs: a name twice", versions: 1...4,
      reason: "stand-ins of another unit (hours) are named"),
    .init(
      name: "DescribeConfigs: all brokers", versions: 1...4,
      reason: "a Kafka cluster sets min.insync.replicas for itself"),
    .init(
      name: "DescribeConfigs: a group", versions: 1...4,
      reason: "a group's setting that has no broker's name has no synonyms"),
    .init(
      name: "IncrementalAlterConfigs: an unknown operation", versions: 0...1,
      reason: "INVALID_REQUEST says what is wrong, UNKNOWN_SERVER_ERROR does not"),
    .init(
      name: "IncrementalAlterConfigs: an empty topic", versions: 0...1,
      reason: "INVALID_TOPIC_EXCEPTION says what is wrong, as DescribeConfigs does"),
    .init(
      name: "AlterConfigs: a resource twice", versions: 2...2,
      reason: "Kafka never answers"),
    .init(
      name: "ApiVersions: a client", versions: 3...4,
      reason: "share groups and streams groups are not served yet"),
    .init(
      name: "ApiVersions: three bytes behind the body", versions: 3...4,
      reason: "share groups and streams groups are not served yet"),
    .init(
      name: "ApiVersions: rubbish behind the body", versions: 3...4,
      reason: "share groups and streams groups are not served yet"),
    .init(
      name: "ConsumerGroupHeartbeat: the first member", versions: 0...1,
      reason: "the first assignment of a new group is its first epoch; Kafka counts one more"),
    .init(
      name: "ConsumerGroupDescribe: groups of each kind", versions: 0...1,
      reason: "the first assignment of a new group is its first epoch; Kafka counts one more"),
    .init(
      name: "ElectLeaders: only ones", versions: 1...1,
      reason: "the unknown kind is seen before the negative time"),
    .init(
      name: "ElectLeaders: a long list of nothing", versions: 1...1,
      reason: "a negative length other than -1 is malformed; Kafka takes it as null"),
  ]
}
