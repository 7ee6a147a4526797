import ByteCodec
package import KafkaWire
import Machine
import Units

/// A connection to one broker, its versions negotiated. One request is under way at a time. Used by one thread.
package final class BrokerConnection {
  package let address: BrokerAddress
  private let socket: ClientSocket
  private let options: ClientOptions
  /// What the broker serves; empty until negotiated.
  private var served: [Int16: ClosedRange<Int16>] = [:]
  private var nextCorrelation: Int32 = 0
  private var underWay: UnderWay?

  /// A request that has been sent and not been answered.
  private struct UnderWay {
    var api: APIKey
    var version: Int16
    var correlation: Int32
    var deadline: Instant
  }

  /// Connects and asks for the broker's versions.
  package init(to address: BrokerAddress, options: ClientOptions) throws(ClientError) {
    self.address = address
    self.options = options
    socket = try ClientSocket.connect(to: address, options: options)
    try negotiate()
  }

  /// The file descriptor, for `poll`.
  var descriptor: Int32 { socket.number }

  /// Whether an answer is awaited.
  package var isBusy: Bool { underWay != nil }

  /// When the answer that is awaited is overdue.
  var deadline: Instant? { underWay?.deadline }

  /// Sends `request` and waits for its answer.
  package func exchange<Request: ClientRequest>(_ request: Request, atMost newest: Int16 = .max)
    throws(ClientError) -> Request.Response
  {
    try send(request, atMost: newest)
    return try receive(Request.self)
  }

  /// Sends `request`. The answer is due in the request's time and `extraMs`, which the broker may itself wait.
  /// Without an answer to come (`isAnswered`), the connection is free at once.
  package func send<Request: ClientRequest>(
    _ request: Request, atMost newest: Int16 = .max, extraMs: Int64 = 0, isAnswered: Bool = true
  ) throws(ClientError) {
    let version = try version(of: Request.api, atMost: newest)
    let deadline = options.clock.now().advanced(byMs: options.requestTimeoutMs &+ extraMs)
    nextCorrelation &+= 1
    var writer = ByteWriter()
    writer.writeInt32(0)
    RequestHeader(
      apiKey: Request.api.rawValue, apiVersion: version, correlationId: nextCorrelation, clientId: options.clientID
    ).encode(to: &writer)
    request.encode(to: &writer, version: version)
    writer.overwriteInt32(Int32(clamping: writer.count - 4), at: 0)
    if isAnswered {
      underWay = UnderWay(api: Request.api, version: version, correlation: nextCorrelation, deadline: deadline)
    }
    for part in writer.takeParts() { try socket.write(part, until: deadline) }
  }

  /// Waits for the answer to the request under way, which must be a `Request`.
  package func receive<Request: ClientRequest>(_ type: Request.Type) throws(ClientError) -> Request.Response {
    guard let expected = underWay, expected.api == Request.api else {
      let reason = "no \(Request.api.name) request is under way on it"
      throw ClientError(.disconnected, "connection to \(address) lost: \(reason)")
    }
    let frame = try readFrame(until: expected.deadline)
    underWay = nil
    do {
      var reader = ByteReader(frame)
      let header = try ResponseHeader(from: &reader, api: expected.api, version: expected.version)
      guard header.correlationId == expected.correlation else { throw WireError.badValue }
      return try Request.Response(from: &reader, version: expected.version)
    } catch {
      throw ClientError(.malformedAnswer, "\(address) answered \(Request.api.name) with bytes that are none: \(error)")
    }
  }

  /// The newest version of `api` that both sides speak and that is not above `newest`.
  package func version(of api: APIKey, atMost newest: Int16 = .max) throws(ClientError) -> Int16 {
    if api == .apiVersions, served.isEmpty { return min(api.stableVersion, newest) }
    guard let range = served[api.rawValue], !range.isEmpty else {
      throw ClientError(.unsupported, "\(address) does not serve \(api.name)")
    }
    let version = min(range.upperBound, api.stableVersion, newest)
    guard version >= range.lowerBound, version >= api.minimumVersion else {
      throw ClientError(
        .unsupported,
        "\(address) serves \(api.name) versions \(range.lowerBound) to \(range.upperBound), and this program speaks "
          + "\(api.minimumVersion) to \(min(api.stableVersion, newest))")
    }
    return version
  }

  /// Whether the broker serves a version of `api` that this client speaks.
  package func serves(_ api: APIKey) -> Bool {
    do { return try version(of: api) >= 0 } catch { return false }
  }

  private func readFrame(until deadline: Instant) throws(ClientError) -> ByteSlice {
    var size: UInt32 = 0
    try withUnsafeMutableBytes(of: &size) { bytes throws(ClientError) in try socket.read(into: bytes, until: deadline) }
    let count = Int(UInt32(bigEndian: size))
    guard count >= 4, count <= options.maximumResponse else {
      throw ClientError(
        .malformedAnswer,
        "\(address) announced an answer of \(count) bytes; this program takes 4 to \(options.maximumResponse). "
          + "Is that port a Kafka listener without TLS?")
    }
    let block = ByteBlock(capacity: count)
    try socket.read(into: UnsafeMutableRawBufferPointer(start: block.base, count: count), until: deadline)
    return block.slice(count: count)
  }

  /// Asks for the versions, with our newest one first. A broker that does not know it says so in version 0 and names
  /// its own newest one (KIP-511).
  private func negotiate() throws(ClientError) {
    let request = ApiVersionsRequest(clientSoftwareName: "millrace", clientSoftwareVersion: ClientVersion.text)
    var version = APIKey.apiVersions.stableVersion
    for _ in 0..<3 {  // ours, the broker's newest, version 0
      try send(request, atMost: version)
      let answer = try receiveVersions(sent: version)
      if ErrorCode(rawValue: answer.errorCode) == .unsupportedVersion, version > 0 {
        let known = answer.apiKeys.first { $0.apiKey == APIKey.apiVersions.rawValue }
        version = min(max(known?.maxVersion ?? 0, 0), version - 1)
        continue
      }
      guard answer.errorCode == 0 else {
        throw ClientError(ErrorCode(rawValue: answer.errorCode), "\(address) refused ApiVersions")
      }
      for entry in answer.apiKeys where entry.minVersion <= entry.maxVersion {
        served[entry.apiKey] = entry.minVersion...entry.maxVersion
      }
      return
    }
    throw ClientError(.unsupported, "\(address) speaks no version of ApiVersions that this program speaks")
  }

  private func receiveVersions(sent version: Int16) throws(ClientError) -> ApiVersionsResponse {
    let deadline = underWay?.deadline ?? options.clock.now()
    let frame = try readFrame(until: deadline)
    underWay = nil
    do {
      var reader = ByteReader(frame)
      _ = try ResponseHeader(from: &reader, api: .apiVersions, version: version)
      var peeked = ByteReader(frame.dropping(reader.position))
      let code = ErrorCode(rawValue: try peeked.readInt16())
      return try ApiVersionsResponse(from: &reader, version: code == .unsupportedVersion ? 0 : version)
    } catch {
      throw ClientError(
        .malformedAnswer, "\(address) answered ApiVersions with bytes that are none: is it a Kafka listener?")
    }
  }
}

/// What the client tells brokers about itself.
package enum ClientVersion {
  /// As KIP-511 allows it: letters, digits, dots and dashes.
  package static let text = "0.1.0"
}
