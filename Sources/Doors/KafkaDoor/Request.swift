import ByteCodec
import KafkaWire
import Units

/// One request, decoded as far as its header.
struct Request {
  let header: RequestHeader
  let api: APIKey
  /// The body, behind the header; empty once it is not needed, so that a request that waits does not keep its frame.
  var body: ByteSlice
  let connection: KafkaConnection
  /// Where its reply belongs.
  var slot: ReplyQueue.Slot?

  var version: Int16 { header.apiVersion }
  var clientID: String { header.clientId ?? "" }

  /// The request without its body.
  var withoutBody: Request {
    var bare = self
    bare.body = .empty
    return bare
  }

  /// What the body may take decoded.
  private var decodedLimit: Int {
    guard api == .produce else { return connection.door.decodedLimit }
    return body.count * DoorLimits.decodedPerProducedByte + DoorLimits.leastDecodedOfProduce
  }

  /// The body as `Message`. What follows it is not looked at: librdkafka 2.16 leaves three bytes behind a Metadata request
  /// for all topics (version 13), and must be served.
  func decode<Message: WireMessage>(_ type: Message.Type) throws(WireError) -> Message {
    var reader = ByteReader(body)
    reader.allowance = min(reader.allowance, decodedLimit)
    return try Message(from: &reader, version: version)
  }
}

/// What a handler makes of a request.
enum Answer {
  /// A reply that may leave once `after` is durable: the largest sequence among the objects it looked at.
  case reply(any WireMessage, after: JournalSequence)
  /// The same with a body that is encoded already, for the request's version.
  case encoded(ByteSlice, after: JournalSequence)
  /// The handler answers later, through `KafkaConnection.answer`.
  case later
  /// No reply is sent.
  case silence
  /// The connection ends, for this reason.
  case close(String)
}
