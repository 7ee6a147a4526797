package import Judge

/// The workers of a run: clients of three kinds, each producing, reading in groups and moving records in transactions.
package enum Fleet {
  static let partitions = 4
  static let input = "in"
  /// A group of movers and the topic that it fills, by the group protocol.
  static let protocols = ["classic", "consumer"]

  static func output(_ groupProtocol: String) -> String { "out-\(groupProtocol)" }
  static var outputs: [String] { protocols.map(output) }
  static var groups: [String] { protocols.flatMap { ["readers-\($0)", "movers-\($0)"] } }

  package enum Kind: String, CaseIterable {
    case java, librdkafka, kafkapython

    /// Of the Python clients only librdkafka's speaks the newer group protocol.
    func speaks(_ groupProtocol: String) -> Bool { groupProtocol == "classic" || self != .kafkapython }
  }

  package enum Role: String { case producer, reader, mover, observer }

  package struct Member {
    package let name: String
    package let kind: Kind
    package let role: Role
    /// What follows the address, the history's folder, the name and the number.
    let arguments: [String]

    /// What it must have done in a run: without it nothing is said about its kind of client.
    package var duties: [Event.Operation] {
      switch role {
      case .producer: [.send]
      case .reader where arguments.first == "-": [.read]
      case .reader: [.read, .offset]
      case .mover: [.read, .send, .commit]
      case .observer: [.committed]
      }
    }
  }

  package static func members(withJava: Bool, rate: Int) -> [Member] {
    let kinds = Kind.allCases.filter { $0 != .java || withJava }
    let count = String(partitions)
    var members: [Member] = []
    for kind in kinds {
      members.append(
        Member(name: "\(kind)-producer", kind: kind, role: .producer, arguments: [input, count, String(rate)]))
      for groupProtocol in protocols where kind.speaks(groupProtocol) {
        members.append(
          Member(
            name: "\(kind)-reader-\(groupProtocol)", kind: kind, role: .reader,
            arguments: ["readers-\(groupProtocol)", groupProtocol, count, input]))
        members.append(
          Member(
            name: "\(kind)-mover-\(groupProtocol)", kind: kind, role: .mover,
            arguments: ["movers-\(groupProtocol)", groupProtocol, count, input, output(groupProtocol)]))
      }
      members.append(
        Member(name: "\(kind)-alone", kind: kind, role: .reader, arguments: ["-", "classic", count, input] + outputs))
    }
    members.append(Member(name: "observer", kind: .librdkafka, role: .observer, arguments: [input, count] + groups))
    return members
  }

  /// What the judge is to know beforehand, as lines of a history.
  package static var declarations: String {
    let lines =
      groups.map { "subscribed\tok\t\(input)\t-\t-\t-\t-\t\($0)" }
      + outputs.map { "moves\tok\t\(input)\t-\t-\t-\t-\t\($0)" }
    return lines.map { "0\t0\tdriver\t\($0)\n" }.joined()
  }

  static func command(_ member: Member, _ options: TortureOptions) -> [String] {
    switch member.kind {
    case .java:
      let program = ["producer": "TortureProducer", "reader": "TortureReader"][member.role.rawValue] ?? "TortureMover"
      return [
        "java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
        "\(options.classes):\(options.libraries)/*", program,
      ]
    case .librdkafka, .kafkapython:
      let program = member.role == .observer ? "observer" : "\(member.kind)_\(member.role)"
      return [options.python, "-B", "\(options.clients)/\(program).py"]
    }
  }
}
