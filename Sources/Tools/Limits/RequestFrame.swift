import ByteCodec
import KafkaWire

/// Requests and answers as the bytes of frames.
enum RequestFrame {
  /// `request` as `version`, with its length in front.
  static func bytes<Request: WireMessage>(
    _ api: APIKey, _ request: Request, version: Int16, correlation: Int32 = 0
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt32(0)
    RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: correlation, clientId: "limits")
      .encode(to: &writer)
    request.encode(to: &writer, version: version)
    writer.overwriteInt32(Int32(clamping: writer.count - 4), at: 0)
    return writer.takeArray()
  }

  /// What a frame answers to a request of `api` and `version`.
  static func answer<Response: WireMessage>(
    _ response: Response.Type, _ api: APIKey, version: Int16, in frame: ByteSlice
  ) throws(WireError) -> (correlation: Int32, message: Response) {
    var reader = ByteReader(frame)
    let header = try ResponseHeader(from: &reader, api: api, version: version)
    return (header.correlationId, try Response(from: &reader, version: version))
  }

  /// The error that a frame tells of the only batch of a Produce, version 12; -1 where it cannot be read.
  static func errorCode(ofProduced frame: ByteSlice) -> Int16 { produced(frame)?.errorCode ?? -1 }

  /// What a frame tells of the only batch of a Produce, version 12; nil where it cannot be read.
  static func produced(_ frame: ByteSlice) -> ProduceResponse.Response.PartitionResponse? {
    let answer = try? answer(ProduceResponse.self, .produce, version: 12, in: frame)
    return answer?.message.responses.first?.partitionResponses.first
  }
}
