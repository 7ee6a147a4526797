/// Settings that Kafka does not have. Sizes take units.
package enum MillraceSettingTable {
  package static let rows: [SettingDefinition] = [
    .own(
      "console.listener", .string, "localhost:8080",
      about: "Address of the console and the metrics, as host:port; empty turns them off."),
    .own(
      "durability", .string, "sync", .oneOf(["sync", "interval"]),
      about: "sync acknowledges what is on disk; interval may lose the last moments when the power fails."),
    .own(
      "durability.interval.ms", .int, "50", .between(1, 60_000),
      about: "Time between syncs when durability is interval."),
    .own(
      "insecure", .boolean, "false",
      about: "Allows listening beyond this machine without authentication and TLS."),
    .own(
      "journal.cap.bytes", .long, "536870912", .atLeast(67_108_864), isSize: true,
      about: "Journal size at which requests wait for a checkpoint."),
    .own(
      "journal.checkpoint.bytes", .long, "134217728", .atLeast(8_388_608), isSize: true,
      about: "Journal size at which a checkpoint begins."),
    .own(
      "journal.file.bytes", .long, "67108864", .between(33_554_432, 1_073_741_824), isSize: true,
      about: "Size of one journal file; at least two of the largest units."),
    .own(
      "max.partitions", .int, "100000", .between(1, 10_000_000),
      about: "Partitions of all topics together."),
    .own(
      "memory.limit", .long, "268435456", .atLeast(16_777_216), isSize: true,
      about: "Memory the process may take; where nobody chose, less if the machine or its cgroup has not twice of it."),
    .own(
      "record.validation", .string, "full", .oneOf(["full", "header"]),
      about: "full walks every record before it is stored; header trusts what a batch says of itself."),
    .own(
      "replication.factor.strict", .boolean, "false",
      about: "Refuses replication factors above 1 instead of keeping one copy."),
    .own(
      "scrub.bytes.per.second", .long, "10485760", .atLeast(0), isSize: true,
      about: "How fast full segments are compared with their checksums in the background; 0 turns it off."),
    .own(
      "scrub.interval.ms", .long, "86400000", .atLeast(1_000),
      about: "Time from the begin of one such pass over all segments to the next."),
  ]
}
