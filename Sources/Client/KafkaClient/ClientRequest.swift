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
