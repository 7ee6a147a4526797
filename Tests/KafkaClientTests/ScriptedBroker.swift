import ByteCodec
import Foundation
import Glibc
import KafkaClient
import KafkaWire
import Synchronization
import Units

/// A broker on a free port of this machine that answers as a test tells it. One connection at a time is served.
final class ScriptedBroker: Sendable {
  /// What to do with a request.
  enum Answer {
    case message(any WireMessage)
    /// An answer whose body is encoded in that version instead of the request's.
    case messageIn(any WireMessage, version: Int16)
    /// These bytes, without a frame around them.
    case raw([UInt8])
    case close
  }

  typealias Script = @Sendable (RequestHeader, ByteSlice) -> Answer

  let address: BrokerAddress
  private let listener: Int32
  private let stopped = Atomic<Bool>(false)

  init(_ script: @escaping @Sendable (BrokerAddress) -> Script) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let bound = withUnsafeMutablePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw ClientError(.unreachable, "the test's broker cannot listen") }
    address = BrokerAddress(host: "127.0.0.1", port: UInt16(bigEndian: name.sin_port))
    let answers = script(address)
    Thread.detachNewThread { [self] in serve(answers) }
  }

  /// Ends the thread after its present connection.
  func stop() {
    stopped.store(true, ordering: .relaxed)
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func serve(_ script: Script) {
    while !stopped.load(ordering: .relaxed) {
      let peer = accept(listener, nil, nil)
      guard peer >= 0 else { break }
      while let frame = readFrame(peer), respond(to: frame, on: peer, script) {}
      close(peer)
    }
    close(listener)
  }

  private func readFrame(_ peer: Int32) -> ByteSlice? {
    guard let size = read(peer, 4) else { return nil }
    let count = size.reduce(0) { $0 << 8 | Int($1) }
    return read(peer, count).map { ByteSlice(copying: $0) }
  }

  private func read(_ peer: Int32, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { recv(peer, $0.baseAddress.map { $0 + filled }, count - filled, 0) }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }

  private func respond(to frame: ByteSlice, on peer: Int32, _ script: Script) -> Bool {
    var reader = ByteReader(frame)
    guard let header = try? RequestHeader(from: &reader), let api = header.api else { return false }
    let body = frame.dropping(reader.position)
    let frameBytes: [UInt8]
    switch script(header, body) {
    case .message(let message): frameBytes = framed(message, header, api, version: header.apiVersion)
    case .messageIn(let message, let version): frameBytes = framed(message, header, api, version: version)
    case .raw(let bytes): frameBytes = bytes
    case .close: return false
    }
    let sent = frameBytes.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    return sent == frameBytes.count
  }

  private func framed(_ message: any WireMessage, _ header: RequestHeader, _ api: APIKey, version: Int16) -> [UInt8] {
    var writer = ByteWriter()
    ResponseHeader(correlationId: header.correlationId).encode(
      to: &writer, headerVersion: api.responseHeaderVersion(for: header.apiVersion))
    message.encode(to: &writer, version: version)
    let body = writer.takeArray()
    writer.writeInt32(Int32(clamping: body.count))
    writer.writeBytes(body)
    return writer.takeArray()
  }
}

/// What most scripts answer: the versions, and one topic with one partition.
enum CannedAnswers {
  static func versions(_ apis: [APIKey] = APIKey.allCases) -> ApiVersionsResponse {
    ApiVersionsResponse(
      apiKeys: apis.map { .init(apiKey: $0.rawValue, minVersion: $0.minimumVersion, maxVersion: $0.stableVersion) })
  }

  static func metadata(_ address: BrokerAddress, topic: String) -> MetadataResponse {
    let partition = MetadataResponse.Topic.Partition(
      partitionIndex: 0, leaderId: 1, leaderEpoch: 0, replicaNodes: [1], isrNodes: [1])
    return MetadataResponse(
      brokers: [.init(nodeId: 1, host: address.host, port: Int32(address.port))], clusterId: "test", controllerId: 1,
      topics: [.init(name: topic, topicId: .init(high: 0, low: 1), partitions: [partition])])
  }
}
