package import KafkaWire

/// A request whose API and response type the compiler knows.
package protocol ClientRequest: WireMessage {
  associatedtype Response: WireMessage
  static var api: APIKey { get }
}

extension ApiVersionsRequest: ClientRequest {
  package typealias Response = ApiVersionsResponse
  package static var api: APIKey { .apiVersions }
}

extension MetadataRequest: ClientRequest {
  package typealias Response = MetadataResponse
  package static var api: APIKey { .metadata }
}

extension ProduceRequest: ClientRequest {
  package typealias Response = ProduceResponse
  package static var api: APIKey { .produce }
}

extension FetchRequest: ClientRequest {
  package typealias Response = FetchResponse
  package static var api: APIKey { .fetch }
}

extension ListOffsetsRequest: ClientRequest {
  package typealias Response = ListOffsetsResponse
  package static var api: APIKey { .listOffsets }
}

extension InitProducerIdRequest: ClientRequest {
  package typealias Response = InitProducerIdResponse
  package static var api: APIKey { .initProducerId }
}

extension CreateTopicsRequest: ClientRequest {
  package typealias Response = CreateTopicsResponse
  package static var api: APIKey { .createTopics }
}

extension DeleteTopicsRequest: ClientRequest {
  package typealias Response = DeleteTopicsResponse
  package static var api: APIKey { .deleteTopics }
}

extension CreatePartitionsRequest: ClientRequest {
  package typealias Response = CreatePartitionsResponse
  package static var api: APIKey { .createPartitions }
}

extension DescribeConfigsRequest: ClientRequest {
  package typealias Response = DescribeConfigsResponse
  package static var api: APIKey { .describeConfigs }
}

extension IncrementalAlterConfigsRequest: ClientRequest {
  package typealias Response = IncrementalAlterConfigsResponse
  package static var api: APIKey { .incrementalAlterConfigs }
}

extension DescribeLogDirsRequest: ClientRequest {
  package typealias Response = DescribeLogDirsResponse
  package static var api: APIKey { .describeLogDirs }
}

extension FindCoordinatorRequest: ClientRequest {
  package typealias Response = FindCoordinatorResponse
  package static var api: APIKey { .findCoordinator }
}

extension ListGroupsRequest: ClientRequest {
  package typealias Response = ListGroupsResponse
  package static var api: APIKey { .listGroups }
}

extension DescribeGroupsRequest: ClientRequest {
  package typealias Response = DescribeGroupsResponse
  package static var api: APIKey { .describeGroups }
}

extension ConsumerGroupDescribeRequest: ClientRequest {
  package typealias Response = ConsumerGroupDescribeResponse
  package static var api: APIKey { .consumerGroupDescribe }
}

extension OffsetFetchRequest: ClientRequest {
  package typealias Response = OffsetFetchResponse
  package static var api: APIKey { .offsetFetch }
}

extension OffsetCommitRequest: ClientRequest {
  package typealias Response = OffsetCommitResponse
  package static var api: APIKey { .offsetCommit }
}

extension DeleteGroupsRequest: ClientRequest {
  package typealias Response = DeleteGroupsResponse
  package static var api: APIKey { .deleteGroups }
}

extension JoinGroupRequest: ClientRequest {
  package typealias Response = JoinGroupResponse
  package static var api: APIKey { .joinGroup }
}

extension SyncGroupRequest: ClientRequest {
  package typealias Response = SyncGroupResponse
  package static var api: APIKey { .syncGroup }
}

extension HeartbeatRequest: ClientRequest {
  package typealias Response = HeartbeatResponse
  package static var api: APIKey { .heartbeat }
}

extension LeaveGroupRequest: ClientRequest {
  package typealias Response = LeaveGroupResponse
  package static var api: APIKey { .leaveGroup }
}

extension ListTransactionsRequest: ClientRequest {
  package typealias Response = ListTransactionsResponse
  package static var api: APIKey { .listTransactions }
}

extension DescribeTransactionsRequest: ClientRequest {
  package typealias Response = DescribeTransactionsResponse
  package static var api: APIKey { .describeTransactions }
}

extension DescribeProducersRequest: ClientRequest {
  package typealias Response = DescribeProducersResponse
  package static var api: APIKey { .describeProducers }
}

extension WriteTxnMarkersRequest: ClientRequest {
  package typealias Response = WriteTxnMarkersResponse
  package static var api: APIKey { .writeTxnMarkers }
}

extension AddPartitionsToTxnRequest: ClientRequest {
  package typealias Response = AddPartitionsToTxnResponse
  package static var api: APIKey { .addPartitionsToTxn }
}

extension EndTxnRequest: ClientRequest {
  package typealias Response = EndTxnResponse
  package static var api: APIKey { .endTxn }
}

extension ConsumerGroupHeartbeatRequest: ClientRequest {
  package typealias Response = ConsumerGroupHeartbeatResponse
  package static var api: APIKey { .consumerGroupHeartbeat }
}
