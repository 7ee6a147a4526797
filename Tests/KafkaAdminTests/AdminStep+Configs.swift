import ByteCodec
import KafkaWire
import WireClient

extension AdminStep {
  private static func described(
    _ client: WireClient, _ type: Int8, _ name: String, _ keys: [String]? = nil, versions: ClosedRange<Int16> = 1...4,
    show: (DescribeConfigsResponse.Result) -> String
  ) throws -> String {
    try each(versions) { version in
      let answer = try client.call(
        DescribeConfigsRequest(
          resources: [.init(resourceType: type, resourceName: name, configurationKeys: keys)], includeSynonyms: true,
          includeDocumentation: false), version: version, as: DescribeConfigsResponse.self)
      return words(answer.results.map { $0.errorCode == 0 ? show($0) : "error \($0.errorCode)" })
    }
  }

  /// `name=value/source/readOnly/type` of each.
  private static func facts(_ result: DescribeConfigsResponse.Result) -> String {
    words(
      result.configs.map { "\($0.name)=\($0.value ?? "null")/\($0.configSource)/\($0.readOnly ? "fixed" : "free")" })
  }

  private static func changed(
    _ client: WireClient, _ type: Int8, _ name: String, _ operations: [(Int8, String, String?)],
    validateOnly: Bool = false
  ) throws -> String {
    try each(0...1) { version in
      let answer = try client.call(
        IncrementalAlterConfigsRequest(
          resources: [
            .init(
              resourceType: type, resourceName: name,
              configs: operations.map { .init(name: $0.1, configOperation: $0.0, value: $0.2) })
          ], validateOnly: validateOnly), version: version, as: IncrementalAlterConfigsResponse.self)
      return answer.responses.map { "\($0.errorCode)" }.joined(separator: " ")
    }
  }

  private static func replaced(
    _ client: WireClient, _ type: Int8, _ name: String, _ entries: [(String, String?)]
  ) throws -> String {
    try each(0...2) { version in
      let answer = try client.call(
        AlterConfigsRequest(resources: [
          .init(resourceType: type, resourceName: name, configs: entries.map { .init(name: $0.0, value: $0.1) })
        ]), version: version, as: AlterConfigsResponse.self)
      return answer.responses.map { "\($0.errorCode)" }.joined(separator: " ")
    }
  }

  /// What a topic has set itself.
  private static func own(_ client: WireClient) throws -> String {
    try described(client, 2, "admin-s", versions: 4...4) { result in
      words(result.configs.filter { $0.configSource == 1 }.map { "\($0.name)=\($0.value ?? "null")" })
    }
  }

  static let configs: [AdminStep] = [
    .init("all of a topic", "33") { try described($0, 2, "admin-s") { "\($0.configs.count)" } },
    .init("some of a topic", "retention.ms=5000/1/free segment.bytes=1073741824/5/free") {
      try described($0, 2, "admin-s", ["retention.ms", "segment.bytes", "nonsense"], show: facts)
    },
    .init("no names, which means all", "33") { try described($0, 2, "admin-s", []) { "\($0.configs.count)" } },
    .init("types, from version 3", "v1: 0 0 0; v2: 0 0 0; v3: 5 7 1; v4: 5 7 1") { client in
      try described(client, 2, "admin-s", ["retention.ms", "cleanup.policy", "preallocate"]) { result in
        ["retention.ms", "cleanup.policy", "preallocate"].map { name in
          result.configs.first { $0.name == name }.map { "\($0.configType)" } ?? "?"
        }.joined(separator: " ")
      }
    },
    .init("stand-ins", "log.segment.bytes=1073741824/5") { client in
      try described(client, 2, "admin-s", ["segment.bytes"]) { result in
        words(result.configs.flatMap(\.synonyms).map { "\($0.name)=\($0.value ?? "null")/\($0.source)" })
      }
    },
    .init("unknown topic, wrong name, wrong type", "error 17 error 3 error 42") { client in
      words(try [(2, "admin-none"), (2, "a b"), (3, "x")].map { try described(client, $0.0, $0.1, show: facts) })
    },
    .init("a broker", "num.partitions=1/5/fixed") { try described($0, 4, "1", ["num.partitions"], show: facts) },
    .init("what every broker has", "340") { client in
      try described(client, 4, "1", versions: 4...4) { result in
        let ours: Set = [
          "console.listener", "durability", "durability.interval.ms", "insecure", "journal.cap.bytes",
          "journal.checkpoint.bytes", "journal.file.bytes", "max.partitions", "memory.limit", "record.validation",
          "replication.factor.strict", "scrub.bytes.per.second", "scrub.interval.ms",
        ]
        return "\(result.configs.filter { !ours.contains($0.name) }.count)"
      }
    },
    .init("other brokers", "error 42 error 42") { client in
      words(try ["7", "one"].map { try described(client, 4, $0, show: facts) })
    },
    .init("groups", "17 error 42") { client in
      words(try ["admin-g", ""].map { try described(client, 32, $0) { "\($0.configs.count)" } })
    },
    .init("client metrics", "0 error 42", kafka: "3 error 42") { client in
      words(try ["admin-m", ""].map { try described(client, 16, $0) { "\($0.configs.count)" } })
    },
    .init("loggers of another broker", "error 42") { try described($0, 8, "7", show: facts) },

    .init("set, and only validate", "0 0 max.message.bytes=9000 retention.ms=5000") { client in
      try changed(client, 2, "admin-s", [(0, "max.message.bytes", "9000")]) + " "
        + changed(client, 2, "admin-s", [(0, "segment.ms", "9000")], validateOnly: true) + " " + own(client)
    },
    .init("append and subtract", "0 cleanup.policy=delete,compact; 0 cleanup.policy=compact") { client in
      func policy() throws -> String {
        try own(client).split(separator: " ").filter { $0.hasPrefix("cleanup") }.joined()
      }
      return try changed(client, 2, "admin-s", [(2, "cleanup.policy", "compact")]) + " " + policy() + "; "
        + changed(client, 2, "admin-s", [(3, "cleanup.policy", "delete")]) + " " + policy()
    },
    .init("append to what is no list", "40") { try changed($0, 2, "admin-s", [(2, "retention.ms", "1")]) },
    .init("delete", "0 max.message.bytes=9000 retention.ms=5000") { client in
      try changed(client, 2, "admin-s", [(1, "cleanup.policy", nil)]) + " " + own(client)
    },
    .init("unknown, wrong, null, twice, no operation", "40 40 42 42 42", kafka: "40 40 42 42 -1") { client in
      try [
        [(0, "nonsense", "1")], [(0, "retention.ms", "soon")], [(0, "retention.ms", nil)],
        [(0, "retention.ms", "1"), (1, "retention.ms", nil)], [(9, "retention.ms", "1")],
      ].map { try changed(client, 2, "admin-s", $0) }.joined(separator: " ")
    },
    .init("all or nothing", "40 max.message.bytes=9000 retention.ms=5000") { client in
      try changed(client, 2, "admin-s", [(0, "retention.ms", "1"), (0, "nonsense", "1")]) + " " + own(client)
    },
    .init("no such topic, type, broker", "3 42 42") { client in
      try [(2, "admin-none"), (3, "x"), (4, "7")].map { try changed(client, $0.0, $0.1, [(0, "retention.ms", "1")]) }
        .joined(separator: " ")
    },
    .init("what is not implemented is kept", "0 unclean.leader.election.enable=true/1/free") { client in
      let changed = try changed(client, 2, "admin-s", [(0, "unclean.leader.election.enable", "true")])
      return try changed + " " + described(client, 2, "admin-s", ["unclean.leader.election.enable"], show: facts)
    },
    .init("broker: fixed, wrong, good", "42 42 0") { client in
      try [("num.partitions", "2"), ("log.cleaner.threads", "many"), ("log.cleaner.threads", "2")].map {
        try changed(client, 4, "1", [(0, $0.0, $0.1)])
      }.joined(separator: " ")
    },
    .init("broker: set and seen, then deleted", "log.cleaner.threads=2/2/free 0 log.cleaner.threads=1/5/free") {
      client in
      try described(client, 4, "1", ["log.cleaner.threads"], show: facts) + " "
        + changed(client, 4, "1", [(1, "log.cleaner.threads", nil)]) + " "
        + described(client, 4, "1", ["log.cleaner.threads"], show: facts)
    },
    .init("all brokers", "0 log.retention.ms=70000/3/free retention.ms=70000/3/free 0 retention.ms=604800000/5/free") {
      client in
      try changed(client, 4, "", [(0, "log.retention.ms", "70000")]) + " "
        + described(client, 4, "", ["log.retention.ms"], show: facts) + " "
        + described(client, 2, "admin-d", ["retention.ms"], show: facts) + " "
        + changed(client, 4, "", [(1, "log.retention.ms", nil)]) + " "
        + described(client, 2, "admin-d", ["retention.ms"], show: facts)
    },
    .init("group: set, seen, wrong, deleted", "0 consumer.session.timeout.ms=50000/8/free 40 40 0") { client in
      try changed(client, 32, "admin-g", [(0, "consumer.session.timeout.ms", "50000")]) + " "
        + described(client, 32, "admin-g", ["consumer.session.timeout.ms"], show: facts) + " "
        + changed(client, 32, "admin-g", [(0, "consumer.session.timeout.ms", "-5")]) + " "
        + changed(client, 32, "admin-g", [(0, "nonsense", "1")]) + " "
        + changed(client, 32, "admin-g", [(1, "consumer.session.timeout.ms", nil)])
    },
    .init("replace", "0 retention.ms=6000") { client in
      try replaced(client, 2, "admin-s", [("retention.ms", "6000")]) + " " + own(client)
    },
    .init("replace by wrong ones", "40 40 42 3 retention.ms=6000") { client in
      try replaced(client, 2, "admin-s", [("nonsense", "1")]) + " "
        + replaced(client, 2, "admin-s", [("retention.ms", "soon")]) + " "
        + replaced(client, 2, "admin-s", [("retention.ms", nil)]) + " "
        + replaced(client, 2, "admin-none", [("retention.ms", "1")]) + " " + own(client)
    },
    .init("what has settings", "0 admin-s 35", kafka: nil) { client in
      func listed(_ types: [Int8]) throws -> ListConfigResourcesResponse {
        try client.call(
          ListConfigResourcesRequest(resourceTypes: types), version: 1, as: ListConfigResourcesResponse.self)
      }
      let topics = try listed([2])
      let names = topics.configResources.map(\.resourceName).filter { $0 == "admin-s" }
      return try "\(topics.errorCode) \(words(names)) \(listed([2, 3]).errorCode)"
    },
    .init("brokers and their loggers", "1/4 1/8") { client in
      let all = try client.call(
        ListConfigResourcesRequest(resourceTypes: [4, 8]), version: 1, as: ListConfigResourcesResponse.self)
      return words(all.configResources.map { "\($0.resourceName)/\($0.resourceType)" })
    },
    .init("subscriptions, the old way", "0 0") { client in
      let all = try client.call(ListConfigResourcesRequest(), version: 0, as: ListConfigResourcesResponse.self)
      return "\(all.errorCode) \(all.configResources.count)"
    },
  ]
}
