import ByteCodec
import CLinux
import Glibc
import KafkaClient
import KafkaWire
import Measuring

/// Why a run ended early, in words.
struct LoadFailure: Error {
  var reason: String
}

/// One producer: a connection, its frames, and the times at which the requests under way were sent.
final class LoadConnection {
  /// One partition's frame and the sequence of its next batch.
  private struct Lane {
    var frame: ProduceFrame
    var nextSequence: Int32 = 0
  }

  let descriptor: Int32
  private let window: Int
  private let isAnswered: Bool
  private var lanes: [Lane]
  private var nextLane = 0
  private var correlation: Int32 = 0
  /// When each request under way was sent, in nanoseconds; a ring, since answers come in order.
  private var sent: [Int64]
  private var answered = 0
  private var started = 0
  /// The frame on its way, and how much of it is sent.
  private var current: ByteSlice?
  private var written = 0
  private let input = ByteBlock(capacity: 1 << 16)
  private var filled = 0

  private(set) var records = 0
  private(set) var latencies = Latencies()

  /// Connects to the plan's broker, which is an IPv4 address.
  init(_ plan: LoadPlan, _ frames: [ProduceFrame]) throws(LoadFailure) {
    lanes = frames.map { Lane(frame: $0) }
    window = plan.inFlight
    isAnswered = plan.acks != 0
    sent = [Int64](repeating: 0, count: plan.inFlight)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | LINUX_SOCK_CLOEXEC, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = plan.broker.port.bigEndian
    guard inet_pton(AF_INET, plan.broker.host, &address.sin_addr) == 1 else {
      throw LoadFailure(reason: "\(plan.broker.host) is no IPv4 address")
    }
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeBytes(of: &address) { bytes in
      connect(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, size)
    }
    guard code == 0 else { throw LoadFailure(reason: "cannot connect to \(plan.broker): errno \(errno)") }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  var isIdle: Bool { started == answered && current == nil }
  /// Whether the socket was full when it was written to last.
  var wantsToWrite: Bool { current != nil }

  /// Sends requests while the window and the socket allow it. Each takes what it holds from `recordsLeft`.
  func send(_ recordsLeft: inout Int) throws(LoadFailure) {
    while true {
      if current == nil {
        guard recordsLeft > 0, started - answered < window else { return }
        begin()
        recordsLeft -= Int(lanes[nextLane].frame.recordCount)
        nextLane = (nextLane + 1) % lanes.count
      }
      guard let frame = current else { return }
      let count = frame.withUnsafeBytes { bytes in
        Glibc.send(
          descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written,
          LINUX_MSG_NOSIGNAL | Int32(MSG_DONTWAIT))
      }
      if count < 0 {
        if errno == EAGAIN { return }
        throw LoadFailure(reason: "the connection broke: errno \(errno)")
      }
      written += count
      guard written == frame.count else { return }
      current = nil
      if !isAnswered { answered += 1 }
    }
  }

  private func begin() {
    let lane = lanes[nextLane]
    lane.frame.prepare(correlation: correlation, sequence: lane.nextSequence)
    lanes[nextLane].nextSequence = (lane.nextSequence &+ lane.frame.recordCount) & Int32.max
    correlation = (correlation &+ 1) & Int32.max
    current = lane.frame.bytes
    written = 0
    sent[started % window] = nanoseconds()
    started += 1
    records += Int(lane.frame.recordCount)
  }

  /// Reads what answers there are. Fails where one tells of an error.
  func receive() throws(LoadFailure) {
    let count = recv(descriptor, input.base + filled, input.capacity - filled, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return }
    guard count > 0 else { throw LoadFailure(reason: "the server closed the connection") }
    filled += count
    var rest = input.slice(count: filled)
    while let size = Self.frameSize(rest), rest.count >= 4 + size {
      try take(rest.part(from: 4, count: size))
      rest = rest.dropping(4 + size)
    }
    if rest.count > 0 { memmove(input.base, input.base + rest.start, rest.count) }
    filled = rest.count
  }

  private func take(_ answer: ByteSlice) throws(LoadFailure) {
    latencies.add(nanoseconds: nanoseconds() - sent[answered % window])
    answered += 1
    let code: Int16?
    do throws(WireError) {
      var reader = ByteReader(answer)
      _ = try ResponseHeader(from: &reader, api: .produce, version: ProduceFrame.version)
      let response = try ProduceResponse(from: &reader, version: ProduceFrame.version)
      code = response.responses.first?.partitionResponses.first?.errorCode
    } catch {
      throw LoadFailure(reason: "an answer that is none: \(error)")
    }
    guard code == 0 else {
      throw LoadFailure(reason: "a batch was refused: \(code.map { "error \($0)" } ?? "no word")")
    }
  }

  private static func frameSize(_ bytes: ByteSlice) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return bytes.withUnsafeBytes { Int(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self))) }
  }
}
