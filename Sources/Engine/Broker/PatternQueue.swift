import Coordination

/// Patterns that wait to be matched, one entry for each group: what is asked for again while it waits is done once.
/// A group has as many at most as members, whose number its settings bound.
struct PatternQueue {
  private var waiting: [String: Set<String>] = [:]
  /// Groups in the order in which they came.
  private var order: [String] = []
  private var head = 0
  /// Whether the lane has one of them.
  var isRunning = false
  /// What came out, and found no room for what it may lead to.
  var result: PatternWork.Result?

  var isEmpty: Bool { waiting.isEmpty }

  mutating func add(_ work: PatternWork) {
    if waiting[work.group] == nil { order.append(work.group) }
    waiting[work.group, default: []].formUnion(work.patterns)
  }

  /// The next piece, where none is under way.
  mutating func takeNext() -> PatternWork? {
    guard !isRunning, result == nil, head < order.count else { return nil }
    let group = order[head]
    head += 1
    if head == order.count || head > 1_000 {
      order.removeFirst(head)
      head = 0
    }
    isRunning = true
    return PatternWork(group: group, patterns: (waiting.removeValue(forKey: group) ?? []).sorted())
  }
}
