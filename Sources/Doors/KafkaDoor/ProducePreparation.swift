import Broker
import ByteCodec
import Compression
import KafkaWire
import LogStore
import Machine
import RecordFormat
import Units

/// A Produce that waits: for the codec lane, or for indexes of segments that it will append to.
private final class PendingProduce {
  let message: ProduceRequest
  let request: Request
  /// What has become of its batches, by their place in the request; nil is seen to at once.
  var prepared: [BatchIntake.Outcome?] = []
  var waitsFor = 0

  init(_ message: ProduceRequest, _ request: Request) {
    self.message = message
    self.request = request
  }
}

extension KafkaDoor {
  /// A batch of a Produce whose partition exists, and its place in the request.
  private struct Batch {
    var place: Int
    var partition: PartitionLog
    var intake: BatchIntake
  }

  /// Sees to the batches of `message` as far as must be known before it is executed. Returns what has become of them, by
  /// their place in the request (none or nil: seen to when it is executed); nil where it must wait: it then is executed,
  /// and answered, when it need not any more.
  func prepared(_ message: ProduceRequest, _ request: Request) -> [BatchIntake.Outcome?]? {
    var bytes = 0
    var expanding = 0
    var mustWait = false
    forEachBatch(of: message, version: request.version) { batch in
      bytes += batch.intake.records.count
      if batch.intake.expands { expanding += 1 }
      if batch.intake.takesLong || engine.store.lacksIndex(batch.partition) { mustWait = true }
    }
    let allTakeLong = bytes > DoorLimits.batchBytesAtOnce
    if !mustWait, !allTakeLong, expanding <= 1 { return [] }
    var batches: [Batch] = []
    forEachBatch(of: message, version: request.version) { batches.append($0) }
    var outcomes = [BatchIntake.Outcome?](repeating: nil, count: batches.last.map { $0.place + 1 } ?? 0)
    var long = batches.filter { allTakeLong || $0.intake.takesLong || $0.intake.expands }
    if !mustWait, !allTakeLong {
      long = seenTo(long, &outcomes)
      if long.isEmpty { return outcomes }
    }
    wait(for: long, of: batches, outcomes, PendingProduce(message, request.withoutBody))
    return nil
  }

  /// Sees to `batches` until more has come out of them than the engine's thread has time for. Returns the rest.
  private func seenTo(_ batches: [Batch], _ outcomes: inout [BatchIntake.Outcome?]) -> [Batch] {
    let before = decompressor.producedInAll
    for (number, batch) in batches.enumerated() {
      if decompressor.producedInAll - before > DoorLimits.expandedBytesAtOnce { return Array(batches[number...]) }
      outcomes[batch.place] = batch.intake.run(compressor: compressor, scratch: decompressor)
    }
    return []
  }

  /// Has `long` ones of `batches` seen to on the codec lane, and the indexes made that all of them need.
  private func wait(
    for long: [Batch], of batches: [Batch], _ outcomes: [BatchIntake.Outcome?], _ pending: PendingProduce
  ) {
    pending.prepared = outcomes
    for batch in batches where !engine.isAppendable(batch.partition, { [unowned self] in stepped(pending) }) {
      pending.waitsFor += 1
    }
    if !long.isEmpty {
      pending.waitsFor += 1
      engine.prepare(long.map(\.intake)) { [unowned self] outcomes in
        for (batch, outcome) in zip(long, outcomes) { pending.prepared[batch.place] = outcome }
        stepped(pending)
      }
    }
    pending.request.connection.preparationBegan()
  }

  private func forEachBatch(of message: ProduceRequest, version: Int16, _ body: (Batch) -> Void) {
    let now = engine.clock.wallClock()
    var place = 0
    for topic in message.topicData {
      let route = produceRoutes.route(of: topic, version: version, engine)
      for data in topic.partitionData {
        defer { place += 1 }
        guard let route, let partition = route.partition(data.index) else { continue }
        let intake = route.rules.intake(data.records ?? .empty, now: now, version: version)
        body(Batch(place: place, partition: partition, intake: intake))
      }
    }
  }

  /// One thing that `pending` waited for has come.
  private func stepped(_ pending: PendingProduce) {
    pending.waitsFor -= 1
    guard pending.waitsFor == 0 else { return }
    pending.request.connection.preparationEnded()
    // The last checkpoint may be taken already, and nobody was promised anything.
    guard !isClosing else { return }
    give(produce(pending.message, pending.request, prepared: pending.prepared), to: pending.request)
  }
}
