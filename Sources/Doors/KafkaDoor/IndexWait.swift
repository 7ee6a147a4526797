import Broker
import Coordination
import LogStore

/// A request that waits for indexes of segments which it, or what follows from it, will append to.
private final class PendingIndexWait {
  let request: Request
  let answer: (Request) -> Answer
  var waitsFor = 0

  init(_ request: Request, _ answer: @escaping (Request) -> Answer) {
    self.request = request
    self.answer = answer
  }
}

extension KafkaDoor {
  /// Has `answer` made when `partitions` can be appended to: at once, or when their indexes are there. Nothing behind
  /// the request starts on its connection before. Without this, a marker behind a start would begin a new segment.
  func whenAppendable(
    _ partitions: [PartitionLog], _ request: Request, _ answer: @escaping (Request) -> Answer
  ) -> Answer {
    guard indexWaits < DoorLimits.indexWaits else { return answer(request) }
    let pending = PendingIndexWait(request.withoutBody, answer)
    for partition in partitions where !engine.isAppendable(partition, { [unowned self] in stepped(pending) }) {
      pending.waitsFor += 1
    }
    guard pending.waitsFor > 0 else { return answer(request) }
    indexWaits += 1
    request.connection.preparationBegan()
    return .later
  }

  /// Those of a topic's partitions that exist.
  func partitions(_ topic: TransactionPartitions) -> [PartitionLog] {
    guard let id = engine.catalogue.id(of: topic.topic) else { return [] }
    return topic.indexes.compactMap { engine.store.partition(PartitionKey(topic: id, index: $0)) }
  }

  private func stepped(_ pending: PendingIndexWait) {
    pending.waitsFor -= 1
    guard pending.waitsFor == 0 else { return }
    indexWaits -= 1
    pending.request.connection.preparationEnded()
    guard !isClosing else { return }
    give(pending.answer(pending.request), to: pending.request)
  }
}
