import MillraceServer
import Testing

@Suite struct MemoryBudgetTests {
  @Test func theDefaultLeavesHalfOfWhatThereIs() {
    #expect(MemoryBudget(chosen: nil, available: 24 << 30).limit == MemoryBudget.usual)
    #expect(MemoryBudget(chosen: nil, available: nil).limit == MemoryBudget.usual)
    #expect(MemoryBudget(chosen: nil, available: 300 << 20).limit == 150 << 20)
    #expect(MemoryBudget(chosen: nil, available: 1 << 20).limit == MemoryBudget.least)
    #expect(MemoryBudget(chosen: 1 << 30, available: 1 << 20).limit == 1 << 30)
  }

  /// What the shares can come to leaves room for the program itself, partitions and indexes.
  @Test(arguments: [16 << 20, 64 << 20, 256 << 20, 1 << 30, 64 << 30] as [Int64])
  func theSharesFit(_ limit: Int64) {
    let budget = MemoryBudget(chosen: limit, available: nil)
    let shares =
      2 * Int64(budget.door) + Int64(budget.door / 4) + budget.waitingForDisk + 400 * Int64(budget.producers)
      + budget.compaction + Int64(budget.keptFree)
    #expect(shares <= limit / 8 * 7)
    #expect(shares + Int64(budget.groups) + Int64(budget.transactions) <= limit)
    #expect(Int64(budget.largestRequest) <= limit / 4)
    #expect(budget.keptBlock >= 64 << 10 && budget.keptFree > 0)
  }

  @Test func theMachineSaysWhatItHas() throws {
    #expect(try #require(MemoryBudget.available) > 0)
  }
}
