import ByteCodec
package import Machine
import Units

/// A data folder as a start would find it, without changing anything: for tools.
package struct FolderReading {
  /// The newest checkpoint that can be read.
  package let checkpoint: Checkpoint
  /// Which of the two files holds it.
  package let fileIndex: Int
  /// The state as of the checkpoint: what the segments' files must hold.
  package let checkpointed: LogState
  /// The state that a start would come to.
  package let state: LogState
  /// The journal's frames behind the checkpoint.
  package let frames: [JournalReader.Frame]
  /// The journal, for those who look into damage.
  package let journal: JournalReader
  /// Why a start would refuse: acknowledged frames are damaged. `frames` and `state` then end before them.
  package let damage: RecoveryFailure?

  /// Reads the folder on `disk`. Fails as a start would, save for damage to the journal, which is told by `damage`.
  package init(_ disk: any Disk) throws(RecoveryFailure) {
    guard let found = try Recovery(disk: disk, entropy: SystemEntropy(), clock: SystemClock()).newestCheckpoint() else {
      throw .disk(DiskError(call: .open, path: Checkpoint.fileNames[0], code: 2))
    }
    checkpoint = found.checkpoint
    fileIndex = found.index
    checkpointed = try Self.state(of: found.checkpoint)
    state = try Self.state(of: found.checkpoint)
    do throws(DiskError) {
      journal = try JournalReader(
        disk: disk, checkpoint: checkpoint.sequence, firstUse: checkpoint.firstUse, salt: checkpoint.salt)
    } catch {
      throw .disk(error)
    }
    let last: JournalSequence
    do throws(RecoveryFailure) {
      last = try journal.read().last
      damage = nil
    } catch {
      guard case .journalDamaged(_, let missing, _, _) = error else { throw error }
      last = try journal.read(givingUp: missing).last
      damage = error
    }
    frames = try Self.frames(of: journal, through: last)
    var replay = Replay(disk: disk, state: state, writes: false, gatherLimit: .zero)
    for frame in frames { try replay.apply(frame) }
  }

  /// All at once: a running server may use the journal's files again while a tool looks at them.
  private static func frames(
    of journal: JournalReader, through last: JournalSequence
  ) throws(RecoveryFailure) -> [JournalReader.Frame] {
    var frames: [JournalReader.Frame] = []
    do throws(DiskError) {
      var walk = journal.walk(through: last)
      while let frame = try walk.next() { frames.append(frame) }
    } catch {
      throw .disk(error)
    }
    return frames
  }

  private static func state(of checkpoint: Checkpoint) throws(RecoveryFailure) -> LogState {
    var reader = ByteReader(checkpoint.state)
    guard let state = try? LogState(from: &reader, at: checkpoint.sequence) else {
      throw .inconsistent("the checkpoint's state cannot be decoded")
    }
    return state
  }
}

extension FolderReading {
  /// The topic's name with the partition's number; the folder's name where the topic is gone.
  package func name(of key: PartitionKey) -> String {
    let topic = state.catalogue.topic(key.topic) ?? checkpointed.catalogue.topic(key.topic)
    return topic.map { "\($0.description.name)/\(key.index)" } ?? key.folder
  }

  /// Segments whose bytes are in their files already, with what they must hold: those of the checkpoint, and those that
  /// compaction finished behind it. `all` names also those that have been given up behind the checkpoint.
  package func settledSegments(all: Bool = false) -> [(key: SegmentKey, extent: SegmentDescription)] {
    var found: [SegmentKey: SegmentDescription] = [:]
    for partition in checkpointed.partitions.values {
      for segment in partition.segments { found[Self.key(partition, segment)] = segment.description }
    }
    var alive: Set<SegmentKey> = []
    for partition in state.partitions.values {
      for segment in partition.segments {
        let key = Self.key(partition, segment)
        alive.insert(key)
        if segment.generation > 0, found[key] == nil { found[key] = segment.description }
      }
    }
    return found.filter { all || alive.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The name of a partition's segment.
  package static func key(_ partition: PartitionLog, _ segment: Segment) -> SegmentKey {
    SegmentKey(partition: partition.key, base: segment.base, generation: segment.generation)
  }
}
