import Broker
import ByteCodec
import Compression
import KafkaWire
import LogStore
import Machine
import RecordFormat
import Settings
import Units

/// Produce 3-13 (KIP-98 idempotence, KIP-467 record errors, KIP-516 topic ids). acks 1 and -1 mean the same on one node:
/// synced. acks 0 gets no answer; an error closes the connection instead, so that the client notices.
///
/// `transactional_id` and transactional batches are refused with INVALID_TXN_STATE.
extension KafkaDoor {
  func produce(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ProduceRequest.self)
    var response = ProduceResponse()
    var after = JournalSequence.start
    var hasError = false
    for topic in message.topicData {
      let found = request.version >= 13 ? engine.catalogue.topic(topic.topicId) : engine.catalogue.topic(named: topic.name)
      var answer = ProduceResponse.Response(topicId: topic.topicId, name: topic.name)
      for data in topic.partitionData {
        var outcome: ProducedPartition
        if !(-1...1 ~= message.acks) {
          outcome = ProducedPartition(.invalidRequiredAcks)
        } else if let found {
          outcome = produce(data.records, to: found, data.index, version: request.version)
        } else {
          outcome = ProducedPartition(request.version >= 13 ? .unknownTopicId : .unknownTopicOrPartition)
          outcome.after = engine.catalogue.lastChange
        }
        hasError = hasError || outcome.response.errorCode != 0
        outcome.response.index = data.index
        answer.partitionResponses.append(outcome.response)
        after = max(after, outcome.after)
      }
      response.responses.append(answer)
    }
    guard message.acks == 0 else { return .reply(response, after: after) }
    return hasError ? .close("a Produce with acks 0 failed, which only closing can tell") : .silence
  }

  private func produce(
    _ records: ByteSlice?, to topic: Catalogue.Topic, _ index: Int32, version: Int16
  ) -> ProducedPartition {
    guard let partition = engine.store.partition(PartitionKey(topic: topic.description.id, index: index)) else {
      var missing = ProducedPartition(.unknownTopicOrPartition)
      missing.after = topic.lastChange
      return missing
    }
    let settings = engine.topicSettings(topic.description.id)
    let batch: ByteSlice
    switch prepared(records ?? .empty, settings, version: version) {
    case .success(let ready): batch = ready
    case .failure(let refused): return refused
    }
    guard let header = try? RecordBatchHeader(batch.bytes) else { return ProducedPartition(.corruptMessage) }
    guard batch.count <= Int(settings.segmentBytes) else { return ProducedPartition(.recordListTooLarge) }
    guard engine.store.failure == nil else { return ProducedPartition(.kafkaStorageError) }
    var outcome = ProducedPartition(.none)
    outcome.response.logStartOffset = partition.durableStart.value
    outcome.after = partition.lastChange
    switch engine.append(batch, header: header, to: partition) {
    case .stored(let base, let sequence):
      outcome.response.baseOffset = base.value
      if header.usesLogAppendTime { outcome.response.logAppendTimeMs = header.maxTimestamp.milliseconds }
      outcome.after = sequence
    case .duplicate(let original):
      outcome.response.baseOffset = original.baseOffset.value
      if settings.messageTimestampType == .logAppendTime {
        outcome.response.logAppendTimeMs = original.timestamp.milliseconds
      }
    case .outOfOrderSequence(let expected):
      outcome.refuse(
        .outOfOrderSequenceNumber, "sequence \(header.baseSequence) came where \(expected) was expected")
    case .staleEpoch(let current):
      outcome.refuse(.invalidProducerEpoch, "epoch \(header.producerEpoch) is older than \(current)")
    case .tooManyProducers:
      // Retriable for every client, unlike the storage errors that make some look for another leader.
      outcome.refuse(.notEnoughReplicas, "too many idempotent producers are remembered already; try again later")
    }
    return outcome
  }

  /// The batch as it will be stored: checked, with the timestamps and the codec its topic asks for.
  private func prepared(
    _ records: ByteSlice, _ settings: TopicSettings, version: Int16
  ) -> Result<ByteSlice, ProducedPartition> {
    let isCreateTime = settings.messageTimestampType == .createTime
    let now = engine.clock.wallClock()
    let rules = BatchRules(
      maximumBatchSize: Int(settings.maxMessageBytes),
      walksRecords: engine.settings.storage.recordValidation == .full,
      requiresKeys: settings.cleanupPolicy.contains(.compact),
      timestamps: isCreateTime
        ? BatchRules.window(
          around: now, beforeMaxMs: settings.messageTimestampBeforeMaxMs,
          afterMaxMs: settings.messageTimestampAfterMaxMs) : nil,
      allowsZstd: version >= 7)
    let summary: BatchSummary
    switch BatchValidator.validate(records, rules: rules, scratch: decompressor) {
    case .valid(let found): summary = found
    case .refused(let reason, let errors): return .failure(ProducedPartition(reason, errors))
    }
    guard !summary.header.isTransactional else { return .failure(ProducedPartition(.invalidTxnState)) }
    var batch = records
    if let codec = settings.compression.codec, codec.codec != summary.header.attributes.codec {
      guard let view = try? RecordBatchView(records),
        let packed = try? view.recompressed(
          with: codec.codec, level: codec.level, compressor: compressor, scratch: decompressor)
      else { return .failure(ProducedPartition(.corruptMessage)) }
      guard packed.count <= Int(settings.maxMessageBytes) else { return .failure(ProducedPartition(.messageTooLarge)) }
      batch = packed
    }
    if isCreateTime {
      if summary.needsMaxTimestamp { BatchStamp.setMaxTimestamp(batch, to: summary.maxTimestamp) }
    } else {
      BatchStamp.setAppendTime(batch, to: now)
    }
    return .success(batch)
  }
}

/// The answer for one partition, and what it waits for.
struct ProducedPartition: Error {
  var response: ProduceResponse.Response.PartitionResponse
  var after = JournalSequence.start

  init(_ code: ErrorCode) {
    response = .init(errorCode: code.rawValue, baseOffset: code == .none ? 0 : -1, logAppendTimeMs: -1)
    response.logStartOffset = -1
  }

  init(_ reason: RefusalReason, _ errors: [RecordError]) {
    self.init(ErrorCode(rawValue: reason.kind.rawValue))
    response.recordErrors = errors.map { .init(batchIndex: $0.index, batchIndexErrorMessage: "\($0.reason)") }
    response.errorMessage = "\(reason)"
  }

  mutating func refuse(_ code: ErrorCode, _ reason: String) {
    response.errorCode = code.rawValue
    response.baseOffset = -1
    response.errorMessage = reason
  }
}

extension CompressionSetting {
  /// The codec batches are stored with; nil leaves them as they come.
  fileprivate var codec: (codec: CompressionCodec, level: Int32?)? {
    switch self {
    case .producer: nil
    case .uncompressed: (.none, nil)
    case .gzip(let level): (.gzip, level)
    case .snappy: (.snappy, nil)
    case .lz4(let level): (.lz4, level)
    case .zstd(let level): (.zstd, level)
    }
  }
}
