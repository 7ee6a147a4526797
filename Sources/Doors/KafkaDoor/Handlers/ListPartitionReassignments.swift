import ByteCodec
import KafkaWire
import Units

/// ListPartitionReassignments 0 (KIP-455): nothing is ever being moved.
extension KafkaDoor {
  func listPartitionReassignments(_ request: Request) throws(WireError) -> Answer {
    _ = try request.decode(ListPartitionReassignmentsRequest.self)
    return .reply(ListPartitionReassignmentsResponse(), after: .start)
  }
}
