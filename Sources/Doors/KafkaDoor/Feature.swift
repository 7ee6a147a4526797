/// A feature of the cluster (KIP-584), as tools print it and as clients choose by it: the levels Apache Kafka 4.3 has.
struct Feature {
  let name: String
  let minimum: Int16
  let maximum: Int16
  /// The level in force; 0 is "off" and not named among the finalized ones.
  let finalized: Int16

  /// The version of the finalized levels; they change only with the program.
  static let epoch: Int64 = 1

  static let all = [
    Feature(name: "eligible.leader.replicas.version", minimum: 0, maximum: 1, finalized: 1),
    Feature(name: "group.version", minimum: 0, maximum: 1, finalized: 0),
    Feature(name: "kraft.version", minimum: 0, maximum: 1, finalized: 1),
    Feature(name: "metadata.version", minimum: 7, maximum: 30, finalized: 30),
    Feature(name: "share.version", minimum: 0, maximum: 1, finalized: 0),
    Feature(name: "streams.version", minimum: 0, maximum: 1, finalized: 0),
    Feature(name: "transaction.version", minimum: 0, maximum: 2, finalized: 2),
  ]
}
