import Broker
import ByteCodec
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

  /// Whether `message` must wait before it can be executed; it then is, and answered, when it need not any more.
  func isPreparedLater(_ message: ProduceRequest, _ request: Request) -> Bool {
    var bytes = 0
    var mustWait = false
    forEachBatch(of: message, version: request.version) { batch in
      bytes += batch.intake.records.count
      if batch.intake.takesLong || engine.store.lacksIndex(batch.partition) { mustWait = true }
    }
    let allTakeLong = bytes > DoorLimits.batchBytesAtOnce
    guard mustWait || allTakeLong else { return false }
    var batches: [Batch] = []
    forEachBatch(of: message, version: request.version) { batches.append($0) }
    let long = batches.filter { allTakeLong || $0.intake.takesLong }
    let pending = PendingProduce(message, request.withoutBody)
    for batch in batches where !engine.isAppendable(batch.partition, { [unowned self] in stepped(pending) }) {
      pending.waitsFor += 1
    }
    if !long.isEmpty {
      pending.waitsFor += 1
      engine.prepare(long.map(\.intake)) { [unowned self] outcomes in
        pending.prepared = [BatchIntake.Outcome?](repeating: nil, count: batches.last.map { $0.place + 1 } ?? 0)
        for (batch, outcome) in zip(long, outcomes) { pending.prepared[batch.place] = outcome }
        stepped(pending)
      }
    }
    request.connection.preparationBegan()
    return true
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
