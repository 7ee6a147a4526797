// Table: facts of Apache Kafka 4.3, one row a setting, in order of name. Kept by hand; the tests compare it with the facts.

/// Settings of a group, and the broker settings that stand in for one that is not set.
enum GroupSettingTable {
  static let rows: [SettingDefinition] = [
    .group(
      "consumer.assignment.interval.ms", .int, "1000", .atLeast(0),
      from: [.init("group.consumer.assignment.interval.ms")],
      about: "Shortest time between two computed assignments of a consumer group."),
    .group(
      "consumer.heartbeat.interval.ms", .int, "5000", .atLeast(1),
      from: [.init("group.consumer.heartbeat.interval.ms")],
      about: "How often members of a consumer group are asked to report."),
    .group(
      "consumer.session.timeout.ms", .int, "45000", .atLeast(1), from: [.init("group.consumer.session.timeout.ms")],
      about: "Silence after which a member of a consumer group is taken for dead."),
    .group(
      "share.assignment.interval.ms", .int, "1000", .atLeast(0), from: [.init("group.share.assignment.interval.ms")],
      about: "Shortest time between two computed assignments of a share group."),
    .group(
      "share.auto.offset.reset", .string, "latest", .shareStart,
      about: "Where a share group starts on a partition it has not read: latest, earliest, or by_duration:P1D back."),
    .group(
      "share.delivery.count.limit", .int, "5", .atLeast(2), from: [.init("group.share.delivery.count.limit")],
      about: "Deliveries after which a share group gives up on a record."),
    .group(
      "share.heartbeat.interval.ms", .int, "5000", .atLeast(1), from: [.init("group.share.heartbeat.interval.ms")],
      about: "How often members of a share group are asked to report."),
    .group(
      "share.isolation.level", .string, "read_uncommitted", .oneOf(["read_committed", "read_uncommitted"]),
      about: "Whether a share group sees records of transactions that are open or aborted."),
    .group(
      "share.partition.max.record.locks", .int, "2000", .atLeast(100),
      from: [.init("group.share.partition.max.record.locks")],
      about: "Records of one partition that may be leased at a time."),
    .group(
      "share.record.lock.duration.ms", .int, "30000", .atLeast(1000),
      from: [.init("group.share.record.lock.duration.ms")],
      about: "How long a record is leased to a member before it is offered again."),
    .group("share.renew.acknowledge.enable", .boolean, "true", about: "Whether members may prolong a lease."),
    .group(
      "share.session.timeout.ms", .int, "45000", .atLeast(1), from: [.init("group.share.session.timeout.ms")],
      about: "Silence after which a member of a share group is taken for dead."),
    .group(
      "streams.assignment.interval.ms", .int, "1000", .atLeast(0),
      from: [.init("group.streams.assignment.interval.ms")],
      about: "Shortest time between two computed assignments of a streams group."),
    .group(
      "streams.heartbeat.interval.ms", .int, "5000", .atLeast(1), from: [.init("group.streams.heartbeat.interval.ms")],
      about: "How often members of a streams group are asked to report."),
    .group(
      "streams.initial.rebalance.delay.ms", .int, "3000", .atLeast(0),
      from: [.init("group.streams.initial.rebalance.delay.ms")],
      about: "How long an empty streams group waits for more members before it assigns."),
    .group(
      "streams.num.standby.replicas", .int, "0", .atLeast(0), from: [.init("group.streams.num.standby.replicas")],
      about: "Standby copies of each task's state."),
    .group(
      "streams.session.timeout.ms", .int, "45000", .atLeast(1), from: [.init("group.streams.session.timeout.ms")],
      about: "Silence after which a member of a streams group is taken for dead."),
  ]
}
