import Machine
package import Units

/// The one compaction under way.
struct Compaction {
  let run: CompactionRun
  /// A job holds it; otherwise it waits for `continueCompaction`.
  var isRunning = true
}

/// What has become of a compaction's step.
package enum CompactionProgress: Sendable {
  /// So many bytes were read or written; `continueCompaction` goes on with it.
  case stepped(bytes: Int)
  case done(PartitionKey, bytes: Int)
  case abandoned(PartitionKey, reason: String, isDamage: Bool)
}

extension LogStore {
  /// The partition that is being compacted.
  package var compacting: PartitionKey? { compaction?.run.plan.partition }

  /// Begins to compact `partition` as far as `dirtiness` says. False when another compaction is under way or a segment
  /// still waits for its checkpoint.
  @discardableResult
  package func beginCompaction(
    of partition: PartitionLog, _ dirtiness: Dirtiness, rules: CompactionPlan.Rules, now: Timestamp
  ) -> Bool {
    guard compaction == nil, failure == nil, !dirtiness.needsCheckpoint, dirtiness.segments > 0,
      dirtiness.segments <= partition.segments.count
    else { return false }
    var known: Set<String> = []
    let doomedHere = state.doomed.lazy.map(\.path).filter { $0.hasPrefix(partition.key.folder + "/") }
    for path in doomedHere { known.formUnion(SegmentKey.files(of: path)) }
    for index in partition.segments.indices where partition.segments[index].generation > 0 {
      known.formUnion(SegmentKey.files(of: partition.segmentKey(index).logPath))
    }
    let inputs = partition.segments.prefix(dirtiness.segments).map(\.description)
    let run = CompactionRun(
      CompactionPlan(
        partition: partition.key, inputs: inputs, firstDirty: dirtiness.firstDirty, limit: dirtiness.limit,
        lastBatches: partition.producers.lastBatches, aborted: partition.aborted.rows, known: known, now: now,
        rules: rules,
        hash: KeyHash(entropy.next(), entropy.next())))
    compaction = Compaction(run: run)
    lanes.submit(.compact(run))
    return true
  }

  /// Goes on with the compaction under way.
  package func continueCompaction() {
    guard let waiting = compaction, !waiting.isRunning, failure == nil else { return }
    guard state.partition(waiting.run.plan.partition) != nil else {
      compaction = nil  // its topic is gone, and its folder goes whole
      return
    }
    compaction?.isRunning = true
    lanes.submit(.compact(waiting.run))
  }

  func compactionStepped(_ step: CompactionRun.Step, _ progress: inout LogProgress) {
    guard let run = compaction?.run else { return }
    let key = run.plan.partition
    switch step {
    case .more(let bytes):
      compaction?.isRunning = false
      progress.compaction = .stepped(bytes: bytes)
    case .done(let result, let bytes):
      compaction = nil
      swapSegments(result)
      progress.compaction = .done(key, bytes: bytes)
    case .abandoned(let reason, let isDamage):
      compaction = nil
      progress.compaction = .abandoned(key, reason: reason, isDamage: isDamage)
    }
  }

  /// Decides that the segments a compaction made take the place of those it read, which are synced and stay until a
  /// checkpoint covers this. Of what it read, the log start may have left some behind meanwhile, always the first ones.
  private func swapSegments(_ result: CompactionResult) {
    guard let partition = state.partition(result.partition) else { return }
    let present = Set(partition.segments.map { SegmentID($0.base, $0.generation) })
    let removed = result.removed.filter { present.contains(SegmentID($0.base, $0.generation)) }
    guard let first = removed.first else { return dropOutput(result.added, of: partition) }
    let useful = result.added.filter { $0.description.end > max(partition.start, first.base) }
    dropOutput(result.added.filter { $0.description.end <= max(partition.start, first.base) }, of: partition)
    var decision = [
      ControlRecord.segmentsSwapped(
        result.partition, removed: removed.map(\.base), added: useful.map(\.description),
        cleanedThrough: result.cleanedThrough)
    ]
    if !result.spentMarkers.isEmpty {
      decision.append(.abortedForgotten(result.partition, markers: result.spentMarkers))
    }
    change(decision)
    for output in useful {
      let name = SegmentKey(
        partition: result.partition, base: output.description.base, generation: output.description.generation)
      guard let at = partition.index(of: name) else { continue }
      partition.segments[at].index = BlockIndex(rows: output.index.rows)
      partition.segments[at].rowsWritten = output.index.rows.count
    }
  }

  private struct SegmentID: Hashable {
    var base: Offset
    var generation: UInt32

    init(_ base: Offset, _ generation: UInt32) {
      self.base = base
      self.generation = generation
    }
  }

  /// Files that no list ever named may go at once.
  private func dropOutput(_ outputs: [CompactionOutput.Finished], of partition: PartitionLog) {
    guard !outputs.isEmpty else { return }
    lanes.submit(
      .remove(
        outputs.map {
          SegmentKey(partition: partition.key, base: $0.description.base, generation: $0.description.generation).logPath
        }, isDoomed: false))
  }
}
