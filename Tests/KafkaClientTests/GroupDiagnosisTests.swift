import KafkaClient
import Testing

/// Each cause that a diagnosis can name, from facts as a cluster gives them.
@Suite struct GroupDiagnosisTests {
  private static func member(_ id: String, reads partitions: [Int32]) -> GroupView.Member {
    let places = partitions.map { TopicPartition("orders", $0) }
    return GroupView.Member(
      id: id, instance: nil, clientID: "worker", host: "/10.0.0.7", epoch: -1, topics: ["orders"], pattern: nil,
      assignment: places, target: places)
  }

  private static func view(_ members: [GroupView.Member], state: String = "Stable", epoch: Int32 = 1) -> GroupView {
    GroupView(
      id: "billing", type: "classic", protocolType: "consumer", state: state, assignor: "range", epoch: epoch,
      assignmentEpoch: epoch, members: members, coordinator: 1)
  }

  private static func lag(
    _ partition: Int32, committed: Int64?, end: Int64, stable: Int64? = nil, member: String? = "a"
  ) -> PartitionLag {
    PartitionLag(
      place: TopicPartition("orders", partition), committed: committed, start: 0, end: end, stableEnd: stable ?? end,
      member: member)
  }

  private static func diagnose(
    _ views: [GroupView?], _ before: [PartitionLag], _ after: [PartitionLag],
    _ transactions: [GroupObservation.OpenTransaction] = []
  ) -> GroupDiagnosis {
    GroupDiagnosis(
      GroupObservation(
        group: "billing", views: views, before: before, after: after, spanMs: 5_000, transactions: transactions))
  }

  @Test func aGroupThatNobodyKnows() {
    let diagnosis = Self.diagnose([nil, nil], [], [])
    #expect(diagnosis.cause == .unknownGroup)
    #expect(diagnosis.command == "millrace group list")
  }

  @Test func aGroupWithoutMembers() {
    let lags = [Self.lag(0, committed: 10, end: 40, member: nil)]
    let diagnosis = Self.diagnose([Self.view([], state: "Empty")], lags, lags)
    #expect(diagnosis.cause == .noMembers)
    #expect(diagnosis.sentence.contains("30 records wait"))
    #expect(diagnosis.command == "millrace consume orders --group billing")
  }

  @Test func aRebalanceLoopNamesWhoCausesIt() {
    let steady = Self.member("a", reads: [0])
    var restless = Self.member("b-1", reads: [1])
    restless.clientID = "flapping"
    let alone = Self.view([steady], state: "PreparingRebalance")
    let both = Self.view([steady, restless])
    let lags = [Self.lag(0, committed: 0, end: 50)]
    let diagnosis = Self.diagnose([both, alone, both, alone, both], lags, lags)
    #expect(diagnosis.cause == .rebalanceLoop)
    #expect(diagnosis.sentence.contains("flapping at /10.0.0.7 joined or left 4 times"))
  }

  @Test func oneRebalanceIsNoLoop() {
    let one = Self.view([Self.member("a", reads: [0, 1])], epoch: 1)
    let two = Self.view([Self.member("a", reads: [0]), Self.member("b", reads: [1])], epoch: 2)
    let lags = [Self.lag(0, committed: 50, end: 50)]
    #expect(Self.diagnose([one, one, two, two], lags, lags).cause == .healthy)
  }

  @Test func anOpenTransaction() {
    let lags = [Self.lag(0, committed: 20, end: 60, stable: 20)]
    let place = TopicPartition("orders", 0)
    let known = GroupObservation.OpenTransaction(
      place: place, producerID: 7, transactionalID: "pay-1", openMs: 42_000)
    let views = [Self.view([Self.member("a", reads: [0])])]
    let diagnosis = Self.diagnose(views, lags, lags, [known])
    #expect(diagnosis.cause == .openTransaction)
    #expect(diagnosis.sentence.contains("'pay-1' has been open for 42 s in orders/0"))
    #expect(diagnosis.command == "millrace txn abort pay-1")
    let hanging = GroupObservation.OpenTransaction(place: place, producerID: 7, transactionalID: nil, openMs: nil)
    #expect(Self.diagnose(views, lags, lags, [hanging]).command == "millrace txn abort --partition orders/0")
  }

  @Test func aTransactionBehindTheReaderIsNotTheCause() {
    let before = [Self.lag(0, committed: 0, end: 60, stable: 50)]
    let after = [Self.lag(0, committed: 30, end: 60, stable: 50)]
    #expect(Self.diagnose([Self.view([Self.member("a", reads: [0])])], before, after).cause == .catchingUp)
  }

  @Test func aMemberThatNeverCommits() {
    let before = [Self.lag(0, committed: 10, end: 100), Self.lag(1, committed: 0, end: 30, member: "b")]
    let after = [Self.lag(0, committed: 40, end: 100), Self.lag(1, committed: 0, end: 90, member: "b")]
    var silent = Self.member("b", reads: [1])
    silent.clientID = "silent"
    let diagnosis = Self.diagnose([Self.view([Self.member("a", reads: [0]), silent])], before, after)
    #expect(diagnosis.cause == .memberNeverCommits)
    #expect(diagnosis.sentence.contains("where silent at /10.0.0.7 reads: it has 90 records before it"))
  }

  @Test func moreMembersThanPartitions() {
    let before = [Self.lag(0, committed: 0, end: 100)]
    let after = [Self.lag(0, committed: 10, end: 300)]
    let members = [Self.member("a", reads: [0]), Self.member("b", reads: []), Self.member("c", reads: [])]
    let diagnosis = Self.diagnose([Self.view(members)], before, after)
    #expect(diagnosis.cause == .idleMembers)
    #expect(diagnosis.command == "millrace topic alter orders --partitions 3")
  }

  @Test func aHotPartition() {
    let before = [Self.lag(0, committed: 0, end: 1_000), Self.lag(1, committed: 90, end: 100)]
    let after = [Self.lag(0, committed: 100, end: 4_000), Self.lag(1, committed: 190, end: 200)]
    let diagnosis = Self.diagnose([Self.view([Self.member("a", reads: [0, 1])])], before, after)
    #expect(diagnosis.cause == .hotPartition)
    #expect(diagnosis.sentence.contains("orders/0 holds 99 %"))
  }

  @Test func tooFewHands() {
    let before = [Self.lag(0, committed: 0, end: 1_000), Self.lag(1, committed: 0, end: 1_000)]
    let after = [Self.lag(0, committed: 100, end: 2_000), Self.lag(1, committed: 100, end: 2_000)]
    let diagnosis = Self.diagnose([Self.view([Self.member("a", reads: [0, 1])])], before, after)
    #expect(diagnosis.cause == .tooSlow)
    #expect(diagnosis.sentence.contains("40 records a second are read and 400 written"))
  }

  @Test func aGroupThatCatchesUpSaysWhen() {
    let before = [Self.lag(0, committed: 0, end: 1_000)]
    let after = [Self.lag(0, committed: 500, end: 1_000)]
    let diagnosis = Self.diagnose([Self.view([Self.member("a", reads: [0])])], before, after)
    #expect(diagnosis.cause == .catchingUp)
    #expect(diagnosis.sentence.contains("about 5 s"))
  }
}

@Suite struct GroupShareTests {
  @Test(arguments: [(7, 3, [0..<3, 3..<5, 5..<7]), (2, 3, [0..<1, 1..<2, 2..<2]), (0, 1, [0..<0]), (5, 0, [])])
  func neighboursGoTogether(count: Int, parts: Int, expected: [Range<Int>]) {
    #expect(GroupMember.ranges(of: count, among: parts) == expected)
  }

  /// What retention has taken counts as neither read nor unread.
  @Test func lagCountsOnlyWhatIsThere() {
    let place = TopicPartition("orders", 0)
    #expect(PartitionLag(place: place, committed: 10, start: 50, end: 80, stableEnd: 80).records == 30)
    #expect(PartitionLag(place: place, committed: nil, start: 50, end: 80, stableEnd: 80).records == 30)
    #expect(PartitionLag(place: place, committed: 80, start: 50, end: 80, stableEnd: 80).records == 0)
  }
}
