package import ByteCodec
package import LogStore
import Machine
package import RecordFormat
import Settings
package import Units

extension Engine {
  /// How many producer ids are reserved in the journal at a time.
  private static let producerIDBlock: Int64 = 1_000

  /// Stores a batch that its door has validated. The caller gives the bytes away: they are stamped and written as they are.
  package func append(_ batch: ByteSlice, header: RecordBatchHeader, to partition: PartitionLog) -> AppendResult {
    append(batch, header: header, to: partition, rules: appendRules(of: partition.key.topic))
  }

  /// The same for a caller that keeps the topic's rules, until the catalogue changes.
  package func append(
    _ batch: ByteSlice, header: RecordBatchHeader, to partition: PartitionLog, rules: AppendRules
  ) -> AppendResult {
    let result = store.append(batch, header: header, to: partition, rules: rules)
    if case .stored = result { traffic.stored(partition.key.topic, bytes: batch.count, records: header.recordCount) }
    return result
  }

  /// How batches of a topic that exists are appended, as of the last change of the catalogue.
  package func appendRules(of topic: UniqueID) -> AppendRules { appendRules(topicSettings(topic)) }

  /// How batches of a topic with these settings are appended.
  func appendRules(_ topic: TopicSettings) -> AppendRules {
    var roll = RollRules(segmentBytes: ByteCount(Int64(topic.segmentBytes)), segmentMs: topic.segmentMs)
    roll.jitterMs = topic.segmentJitterMs
    // A record that must be compacted by some time must not wait longer in the segment that grows.
    if topic.cleanupPolicy.contains(.compact) { roll.segmentMs = min(roll.segmentMs, topic.maxCompactionLagMs) }
    return AppendRules(roll: roll, syncs: topic.flushMessages <= 1)
  }

  /// Whether `partition` can be appended to now. Otherwise `then` is called when it can: the index of the segment to go on
  /// in is made first.
  package func isAppendable(_ partition: PartitionLog, _ then: @escaping () -> Void) -> Bool {
    guard let token = store.prepareAppend(to: partition) else { return true }
    indexWaits[token] = { _ in then() }
    return false
  }

  /// Prepares batches on the codec lane, in the order of the calls; `completion` is called later, on this thread.
  package func prepare(_ batches: [BatchIntake], completion: @escaping ([BatchIntake.Outcome]) -> Void) {
    preparations[store.prepare(batches)] = completion
  }

  /// A producer id that was never given out, and the sequence from which it may be shown.
  package func takeProducerID() -> Decided<Int64> {
    if producerIDs.isEmpty {
      let start = catalogue.producerIDEnd
      producerIDs = start..<start + Self.producerIDBlock
      store.change([.producerIDsReserved(upTo: producerIDs.upperBound)])
      producerIDsVisible = store.decided
    }
    let id = producerIDs.lowerBound
    producerIDs = (id + 1)..<producerIDs.upperBound
    return Decided(value: id, sequence: producerIDsVisible)
  }

  /// Removes the records below `offset`; nil means up to the end that is visible. Answers the new log start.
  package func deleteRecords(
    _ partition: PartitionLog, before offset: Offset?
  ) -> Result<Decided<Offset>, Refusal> {
    let topic = topicSettings(partition.key.topic)
    guard topic.cleanupPolicy.contains(.delete) || topic.cleanupPolicy.isEmpty else {
      return .failure(Refusal(.policyViolation, "the topic is compacted only: its records are deleted by tombstones"))
    }
    let target = offset ?? partition.durable.end
    guard target.value >= 0, target <= partition.durable.end else {
      return .failure(
        Refusal(
          .offsetOutOfRange, "offset \(target.value) is not within 0 and the end, \(partition.durable.end.value)"))
    }
    guard target > partition.start else {
      return .success(Decided(value: partition.start, sequence: partition.lastChange))
    }
    let sequence = store.change([.logStartMoved(partition.key, offset: target)])
    return .success(Decided(value: target, sequence: sequence))
  }
}
