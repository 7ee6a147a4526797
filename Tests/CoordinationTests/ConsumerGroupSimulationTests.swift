import Coordination
import Testing

@Suite struct ConsumerGroupSimulationTests {
  /// No partition belongs to two members at the same time, by what members believe after an answer; and when the lines
  /// work again, all come to the target.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func aPartitionHasOneOwnerWhateverTheLinesDo(seed: UInt64) {
    var run = ConsumerSimulation(seed: seed)
    var marks: [(snapshot: [CoordinatorRecord], length: Int)] = []
    for step in 1...3_000 {
      run.step()
      if step % 1_000 == 0 {
        compareWithReplay(run.bench, marks)
        marks.append((run.bench.group.snapshot(), run.bench.log.count))
      }
      if !run.violations.isEmpty { break }
    }
    #expect(run.violations == [])
    run.quiet(rounds: 220)
    compareWithReplay(run.bench, marks)
    #expect(run.violations == [])
    #expect(run.heartbeats > 200)
    let group = run.bench.group
    #expect(group.phase == .stable)
    #expect(Set(group.state.members.keys) == Set(run.clients.map(\.id)))
    for client in run.clients { #expect(client.owned == Set(group.state.target[client.id] ?? [])) }
    let covered = run.clients.reduce(0) { $0 + $1.owned.count }
    #expect(covered == run.bench.topics.facts.values.reduce(0) { $0 + Int($1.partitionCount) })
  }

  private func compareWithReplay(
    _ bench: ConsumerBench, _ marks: [(snapshot: [CoordinatorRecord], length: Int)]
  ) {
    let live = bench.group.snapshot()
    #expect(ConsumerBench.replayed(bench.log).snapshot() == live)
    #expect(ConsumerBench.replayed(bench.log) == bench.group)
    for keeping in [true, false] {
      let compacted = ConsumerBench.compacted(bench.log, keepingRemovals: keeping)
      #expect(ConsumerBench.replayed(compacted).snapshot() == live)
    }
    for mark in marks {
      #expect(ConsumerBench.replayed(mark.snapshot + bench.log[mark.length...]).snapshot() == live)
    }
    #expect(ConsumerBench.replayed(bench.log + bench.group.removalRecords()).isBlank)
  }
}
