import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore

/// What members tell each other inside of JoinGroup and SyncGroup, the coordinators' snapshot, and single records of the
/// internal topics: the first byte chooses. Whatever is taken in can be kept and taken in again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCoordinators(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 2, let start else { return 0 }
  let rest = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  switch start[0] & 3 {
  case 0:
    if let read = try? ConsumerSubscription(rest) {
      precondition((try? ConsumerSubscription(read.encoded())) != nil)
    }
    if let read = try? ConsumerAssignment(rest) { precondition((try? ConsumerAssignment(read.encoded())) != nil) }
  case 1:
    guard let snapshot = try? CoordinatorSnapshot(ByteSlice(copying: rest)) else { return 0 }
    precondition((try? CoordinatorSnapshot(snapshot.encoded())) == snapshot)
    replay(snapshot.writes)
  default:
    let keyEnd = min(1 + Int(rest[0]), rest.count)
    let record = CoordinatorRecord(key: Array(rest[1..<keyEnd]), value: Array(rest[keyEnd...]))
    let topic: InternalTopic = start[0] & 1 == 0 ? .consumerOffsets : .transactionState
    replay([CoordinatorWrite(topic: topic, owner: "", records: [record], marks: [])])
  }
  return 0
}

private func replay(_ writes: [CoordinatorWrite]) {
  var groups = GroupCoordinator()
  var transactions = TransactionCoordinator()
  for write in writes {
    for record in write.records {
      switch write.topic {
      case .consumerOffsets: groups.replay(record, producer: write.producer)
      case .transactionState: _ = transactions.replay(record)
      }
    }
  }
  let image = CoordinatorImage(covered: [], groups: groups, transactions: transactions)
  precondition((try? CoordinatorSnapshot(image.attachment.encode())) != nil)
}
