import Broker
import ByteCodec
import KafkaWire
import LogStore
import Machine
import Settings
import Units

/// DescribeProducers 0 (KIP-664): the idempotent producers a partition remembers.
extension KafkaDoor {
  func describeProducers(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DescribeProducersRequest.self)
    var after = engine.catalogueChange
    var room = AdminLimits.describedProducers
    var response = DescribeProducersResponse()
    for topic in message.topics {
      let found = engine.catalogue.topic(named: topic.name)
      let partitions = topic.partitionIndexes.map { index -> DescribeProducersResponse.Topic.Partition in
        guard let found,
          let partition = engine.store.partition(PartitionKey(topic: found.description.id, index: index))
        else {
          let fault = Fault.noTopic(named: topic.name)
          let text = found == nil ? fault.message : "the topic has no partition \(index)"
          return .init(partitionIndex: index, errorCode: fault.code.rawValue, errorMessage: text)
        }
        after = max(after, partition.lastChange)
        let producers = activeProducers(of: partition)
        guard producers.count <= room else {
          return .init(
            partitionIndex: index, errorCode: ErrorCode.invalidRequest.rawValue,
            errorMessage: "more than \(AdminLimits.describedProducers) producers in one request: send several")
        }
        room -= producers.count
        return .init(partitionIndex: index, activeProducers: producers)
      }
      response.topics.append(.init(name: topic.name, partitions: partitions))
    }
    return .reply(response, after: after)
  }

  private func activeProducers(
    of partition: PartitionLog
  ) -> [DescribeProducersResponse.Topic.Partition.ActiveProducer] {
    let expiry = Timestamp(
      milliseconds: engine.store.trustedNow().steady.milliseconds
        - Int64(engine.settings.transactions.producerIDExpirationMs))
    return partition.producers.producers.filter { $0.value.lastSeen >= expiry || $0.value.transactionStart != nil }
      .sorted { $0.key < $1.key }.map { id, producer in
        .init(
          producerId: id, producerEpoch: Int32(producer.epoch), lastSequence: producer.batches.last?.lastSequence ?? -1,
          lastTimestamp: producer.batches.last?.timestamp.milliseconds ?? -1,
          coordinatorEpoch: producer.coordinatorEpoch, currentTxnStartOffset: producer.transactionStart?.value ?? -1)
      }
  }
}
