package import ByteCodec
package import LogStore
package import Machine
import Settings
package import Units

/// What a reader asks for: partitions in order, and how long it is willing to wait for how much.
package struct FetchPlan {
  package struct Entry {
    package var partition: PartitionLog
    package var offset: Offset
    package var maxBytes: Int

    package init(partition: PartitionLog, offset: Offset, maxBytes: Int) {
      self.partition = partition
      self.offset = offset
      self.maxBytes = maxBytes
    }
  }

  package var entries: [Entry]
  package var minBytes: Int
  package var maxBytes: Int
  /// When it is answered even without `minBytes`.
  package var deadline: Instant
  package var readsCommitted: Bool
  /// Answered at once: some partition has an error already.
  package var answersAtOnce: Bool
  /// Where memory is short, it may still have a little.
  package var mayHaveLittle = false
  /// What is read may be left in its file.
  package var takesRanges = false

  package init(
    entries: [Entry], minBytes: Int, maxBytes: Int, deadline: Instant, readsCommitted: Bool, answersAtOnce: Bool
  ) {
    self.entries = entries
    self.minBytes = minBytes
    self.maxBytes = maxBytes
    self.deadline = deadline
    self.readsCommitted = readsCommitted
    self.answersAtOnce = answersAtOnce
  }
}

/// How much a fetch may read now: what it reads takes memory until its reader has it.
package enum FetchRoom {
  case all
  /// At most so many bytes, and only by those who `mayHaveLittle`.
  case little(Int)
  case none
}

/// What one partition of a fetch gave.
package enum FetchedPartition {
  /// With the aborted transactions among them, for those who read only what is committed.
  case batches(ByteSlice, aborted: [AbortedTransaction] = [])
  /// The same, left in the file, for those who take it so; how many offsets it spans.
  case range(FileRange, offsets: Int64, aborted: [AbortedTransaction] = [])
  case damaged(reason: String)

  /// Bytes of batches.
  var count: Int {
    switch self {
    case .batches(let bytes, _): bytes.count
    case .range(let range, _, _): range.count
    case .damaged: 0
    }
  }
}

/// A fetch under way: reading, or parked until there is more.
final class FetchOperation {
  let plan: FetchPlan
  var results: [FetchedPartition] = []
  var bytes = 0
  var hasError = false
  /// What it may read, as of its last begin.
  var maxBytes = 0
  /// The read it waits for, and the most that it then has in memory.
  var token: UInt64?
  var bytesUnderWay = 0
  var isParked = false
  let completion: ([FetchedPartition]) -> Void

  init(plan: FetchPlan, completion: @escaping ([FetchedPartition]) -> Void) {
    self.plan = plan
    self.completion = completion
  }

  func begin(maxBytes: Int) {
    self.maxBytes = maxBytes
    results = []
    bytes = 0
    hasError = false
    isParked = false
  }

  func take(_ result: FetchedPartition) {
    results.append(result)
    bytes += result.count
    if case .damaged = result { hasError = true }
  }
}

/// All fetches under way.
struct Fetches {
  var operations: [UInt64: FetchOperation] = [:]
  var nextID: UInt64 = 1
  /// Which fetch waits for which read.
  var byToken: [UInt64: UInt64] = [:]
  /// Parked fetches by partition.
  var parked: [PartitionKey: Set<UInt64>] = [:]
  var deadlines = DeadlineQueue()
  /// How much another fetch may read now, given the most that the reads under way will bring.
  var room: (Int) -> FetchRoom = { _ in .all }
  /// The most that the reads under way will bring.
  var bytesUnderWay = 0
  /// Fetches that wait for that, in order.
  var held: [UInt64] = []
}

extension Engine {
  /// Reads as `plan` says; `completion` gets a result for each entry, in order, at once or later, on this thread. Returns
  /// the id to cancel it by, or nil when it is done already.
  @discardableResult
  package func fetch(_ plan: FetchPlan, completion: @escaping ([FetchedPartition]) -> Void) -> UInt64? {
    let id = fetches.nextID
    fetches.nextID += 1
    fetches.operations[id] = FetchOperation(plan: plan, completion: completion)
    runFetch(id)
    return fetches.operations[id] == nil ? nil : id
  }

  /// Forgets a fetch whose reader is gone; its completion is not called.
  package func cancelFetch(_ id: UInt64) {
    guard let operation = fetches.operations.removeValue(forKey: id) else { return }
    unpark(id, operation)
    if let token = operation.token, fetches.byToken.removeValue(forKey: token) != nil {
      fetches.bytesUnderWay -= operation.bytesUnderWay
    }
  }

  /// Has a range that a fetch gave read by others, where it was to be sent and is no longer in memory. `completion` is
  /// called later, on this thread.
  package func read(_ range: FileRange, completion: @escaping (Result<ByteSlice, DiskError>) -> Void) {
    rangeReads[store.read(range)] = completion
  }

  /// Fetches parked now, for the metrics.
  package var parkedFetches: Int { fetches.operations.values.count { $0.isParked } }

  /// From now on a fetch reads only what `room` says, which is told how many bytes other fetches are waiting to have read;
  /// `resumeFetches` gives those that were put off another try.
  package func limitReads(_ room: @escaping (Int) -> FetchRoom) { fetches.room = room }

  /// Whether fetches wait for memory.
  package var hasHeldFetches: Bool { !fetches.held.isEmpty }

  /// Runs fetches that waited for memory, as long as there is some.
  package func resumeFetches() {
    let held = fetches.held
    fetches.held = []
    for (place, id) in held.enumerated() where fetches.operations[id] != nil {
      guard case .all = fetches.room(fetches.bytesUnderWay) else {
        fetches.held = held[place...] + fetches.held
        return
      }
      runFetch(id)
    }
  }

  private func runFetch(_ id: UInt64) {
    guard let operation = fetches.operations[id] else { return }
    switch fetches.room(fetches.bytesUnderWay) {
    case .all: operation.begin(maxBytes: operation.plan.maxBytes)
    case .little(let bytes) where operation.plan.mayHaveLittle:
      operation.begin(maxBytes: min(operation.plan.maxBytes, bytes))
    case .little, .none: return fetches.held.append(id)
    }
    continueFetch(id)
  }

  /// Reads on from where the operation stands, until it must wait or is through.
  private func continueFetch(_ id: UInt64) {
    guard let operation = fetches.operations[id] else { return }
    while true {
      let index = operation.results.count
      guard index < operation.plan.entries.count else { return settle(id, operation) }
      let entry = operation.plan.entries[index]
      guard store.partition(entry.partition.key) === entry.partition, entry.offset >= entry.partition.start else {
        // The partition is gone, or what was asked for: its reader hears of it now.
        operation.take(.batches(.empty))
        operation.hasError = true
        continue
      }
      let room = min(entry.maxBytes, operation.maxBytes - operation.bytes)
      let limit = operation.plan.readsCommitted ? entry.partition.stableEnd : entry.partition.durable.end
      if room <= 0, operation.bytes > 0 {
        operation.take(.batches(.empty))
        continue
      }
      switch store.read(
        entry.partition, from: entry.offset, limit: limit, maxBytes: max(room, 0),
        firstBatchWhole: operation.bytes == 0, mayBeRange: operation.plan.takesRanges)
      {
      case .outcome(let outcome): operation.take(outcome)
      case .waits(let token):
        operation.token = token
        operation.bytesUnderWay = max(operation.maxBytes, operation.bytes > 0 ? 0 : firstBytes(of: entry))
        fetches.bytesUnderWay += operation.bytesUnderWay
        fetches.byToken[token] = id
        return
      }
    }
  }

  /// The most that the first batch of `entry` takes, which comes whole: its block, or, where no index tells, the largest
  /// batch of its topic.
  private func firstBytes(of entry: FetchPlan.Entry) -> Int {
    if let segment = entry.partition.segments.first(where: { $0.end > entry.offset }), let index = segment.index {
      return index.block(holding: entry.offset).map { Int($0.length.value) } ?? 0
    }
    return Int(topicSettings(entry.partition.key.topic).maxMessageBytes)
  }

  /// All partitions are read: answered when there is enough, when time is up or something is wrong; parked otherwise.
  private func settle(_ id: UInt64, _ operation: FetchOperation) {
    let isDone =
      operation.bytes >= min(operation.plan.minBytes, operation.maxBytes) || operation.hasError
      || operation.plan.answersAtOnce || operation.plan.deadline <= clock.now()
    if isDone {
      fetches.operations[id] = nil
      traffic.fetched(operation.results, of: operation.plan.entries)
      return operation.completion(operation.results)
    }
    operation.begin(maxBytes: 0)
    operation.isParked = true
    for entry in operation.plan.entries { fetches.parked[entry.partition.key, default: []].insert(id) }
    fetches.deadlines.add(id, at: operation.plan.deadline)
  }

  private func unpark(_ id: UInt64, _ operation: FetchOperation) {
    guard operation.isParked else { return }
    operation.isParked = false
    for entry in operation.plan.entries {
      fetches.parked[entry.partition.key]?.remove(id)
      if fetches.parked[entry.partition.key]?.isEmpty ?? false { fetches.parked[entry.partition.key] = nil }
    }
    if fetches.deadlines.count > 2 * fetches.operations.count + 1_000 {
      let operations = fetches.operations
      fetches.deadlines.compact { operations[$0] != nil }
    }
  }

  private func wake(_ id: UInt64) {
    guard let operation = fetches.operations[id], operation.isParked else { return }
    unpark(id, operation)
    runFetch(id)
  }

  /// Wakes the fetches parked on partitions whose ends moved or that are gone.
  func wakeFetches(on keys: some Sequence<PartitionKey>) {
    guard !fetches.parked.isEmpty else { return }
    var due: Set<UInt64> = []
    for key in keys { due.formUnion(fetches.parked[key] ?? []) }
    for id in due.sorted() { wake(id) }
  }

  func fetchRead(_ outcome: ReadOutcome, token: UInt64) {
    guard let id = fetches.byToken.removeValue(forKey: token) else { return }
    guard let operation = fetches.operations[id] else { return }
    operation.token = nil
    fetches.bytesUnderWay -= operation.bytesUnderWay
    operation.take(outcome)
    continueFetch(id)
  }

  func fetchDeadlinesPassed(_ now: Instant) {
    while let id = fetches.deadlines.takeDue(at: now) { wake(id) }
  }
}

extension FetchOperation {
  /// Takes the outcome of reading the next entry.
  fileprivate func take(_ outcome: ReadOutcome) {
    switch outcome {
    case .batches(let bytes, let next, _): take(.batches(bytes, aborted: aborted(before: next)))
    case .range(let range, let next, _):
      let start = results.count < plan.entries.count ? plan.entries[results.count].offset : next
      take(.range(range, offsets: next.value - start.value, aborted: aborted(before: next)))
    case .damaged(_, _, let reason): take(.damaged(reason: reason))
    case .gone, .notCached: take(.batches(.empty))
    }
  }

  /// The aborted transactions of what was just read of the next entry, for those who read only what is committed.
  private func aborted(before next: Offset) -> [AbortedTransaction] {
    guard plan.readsCommitted, results.count < plan.entries.count else { return [] }
    let entry = plan.entries[results.count]
    return entry.partition.aborted.overlapping(entry.offset, next)
  }
}
