import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import RecordFormat
import Units

/// WriteTxnMarkers 1-2: what an operator's tool sends to end a transaction that no coordinator knows of (KIP-664). The
/// server's own markers never come this way.
extension KafkaDoor {
  func writeTxnMarkers(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(WriteTxnMarkersRequest.self)
    let topics = message.markers.flatMap(\.topics).map {
      TransactionPartitions(topic: $0.name, indexes: $0.partitionIndexes)
    }
    return whenAppendable(topics.flatMap(partitions), request) { [unowned self] _ in write(message) }
  }

  private func write(_ message: WriteTxnMarkersRequest) -> Answer {
    var after = engine.catalogueChange
    var response = WriteTxnMarkersResponse()
    for wanted in message.markers {
      var answer = WriteTxnMarkersResponse.Marker(producerId: wanted.producerId)
      for topic in wanted.topics {
        let partitions = topic.partitionIndexes.map { index -> WriteTxnMarkersResponse.Marker.Topic.Partition in
          let (code, sequence) = write(wanted, topic.name, index)
          after = max(after, sequence)
          return .init(partitionIndex: index, errorCode: code.rawValue)
        }
        answer.topics.append(.init(name: topic.name, partitions: partitions))
      }
      response.markers.append(answer)
    }
    return .reply(response, after: after)
  }

  private func write(
    _ wanted: WriteTxnMarkersRequest.Marker, _ topic: String, _ index: Int32
  ) -> (ErrorCode, JournalSequence) {
    guard let id = engine.catalogue.id(of: topic),
      let partition = engine.store.partition(PartitionKey(topic: id, index: index))
    else { return (.unknownTopicOrPartition, .start) }
    let marker = TransactionMarker(
      wanted.transactionResult ? .commit : .abort, coordinatorEpoch: wanted.coordinatorEpoch)
    let producer = ProducerIdentity(id: wanted.producerId, epoch: wanted.producerEpoch)
    guard
      let decided = engine.writeMarker(marker, of: producer, isBumped: wanted.transactionVersion >= 2, in: partition)
    else { return (.kafkaStorageError, partition.lastChange) }
    let code: ErrorCode =
      switch decided.value {
      case .append: .none
      case .staleEpoch: .invalidProducerEpoch
      case .staleCoordinator: .transactionCoordinatorFenced
      }
    return (code, decided.sequence)
  }
}
