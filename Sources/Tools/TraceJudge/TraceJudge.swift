import KafkaWire

/// Reads a trace of the server's system calls and says whether any acknowledgement of a Produce left, or any record was
/// shown to a reader, before the sync that made it durable had returned.
///
/// The journal counts as synced by `fdatasync` or `fsync` of its file, by `RWF_DSYNC` of a single write, or by `O_DSYNC` of
/// its descriptor. What the judge cannot see through (io_uring, memory maps, texts that were cut) makes it refuse.
package struct TraceJudge {
  package struct Verdict: Equatable, Sendable {
    /// Batches that Produce replies acknowledged, and how often Fetch replies showed one.
    package var acknowledged = 0
    package var shown = 0
    package var journalWrites = 0
    package var syncs = 0
    /// What left too early, the first of it in words.
    package var early = 0
    package var examples: [String] = []
    /// Why the trace cannot be judged.
    package var obstacles: Set<String> = []

    /// Something was acknowledged, and nothing too early.
    package var isGood: Bool { early == 0 && obstacles.isEmpty && acknowledged > 0 }
  }

  package private(set) var verdict = Verdict()
  private static let examplesKept = 5
  private var reader = TraceReader()
  private var trail = JournalTrail()
  private var segments = SegmentBytes()
  private var streams: [Int: ClientStream] = [:]
  /// Descriptors that were opened with O_DSYNC or O_SYNC.
  private var syncing: Set<Int> = []
  /// What a thread has begun: the number of its journal write, or the moment of its send.
  private var writing: [Int: Int] = [:]
  private var sending: [Int: Int] = [:]
  private var moment = 0

  package init() {}

  /// Takes the next line of the trace.
  package mutating func read(_ line: ArraySlice<UInt8>) {
    for event in reader.read(line) {
      moment += 1
      switch event {
      case .entered(let call): entered(call)
      case .returned(let call, let result): returned(call, result ?? -1)
      }
    }
  }

  private mutating func entered(_ call: SystemCall) {
    switch call.name {
    case "write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg":
      if Self.isSocket(call) {
        sending[call.thread] = moment
      } else if Self.isJournal(call) {
        beginWrite(call)
      } else if SegmentBytes.holds(call) {
        noteSegment(call)
      }
    case "sendfile": sending[call.thread] = moment
    case "fdatasync", "fsync":
      if Self.isJournal(call) { trail.syncBegan(call.file, thread: call.thread) }
    case "io_uring_setup": verdict.obstacles.insert("the server uses io_uring, whose calls a trace does not show")
    case "splice", "sendmmsg":
      verdict.obstacles.insert("the server uses \(call.name), whose bytes this judge does not follow")
    case "mmap":
      if call.tail.contains(".journal") { verdict.obstacles.insert("the journal is mapped into memory") }
    default: break
    }
  }

  private mutating func noteSegment(_ call: SystemCall) {
    let numbers = call.lastArguments
    guard numbers.count >= 2, let position = Int(numbers[1]), position >= 0, !call.isTruncated else {
      verdict.obstacles.insert("a write to a segment without a position, or cut: \(call.name)")
      return
    }
    segments.wrote(call.payload, to: call.file, at: position)
  }

  private mutating func beginWrite(_ call: SystemCall) {
    let numbers = call.lastArguments
    guard call.name.hasPrefix("p"), numbers.count >= 2, let position = Int64(numbers[1]), !call.isTruncated else {
      verdict.obstacles.insert("a write to the journal without a position, or cut: \(call.name)")
      return
    }
    verdict.journalWrites += 1
    writing[call.thread] = trail.writeBegan(call.file, at: position, call.payload)
  }

  private mutating func returned(_ call: SystemCall, _ result: Int) {
    switch call.name {
    case "open", "openat", "openat2":
      let opensSyncing = call.tail.contains("O_DSYNC") || call.tail.contains("O_SYNC")
      if result >= 0, opensSyncing { syncing.insert(result) }
    case "close":
      if let descriptor = call.descriptor { (streams[descriptor], _) = (nil, syncing.remove(descriptor)) }
    case "fdatasync", "fsync":
      guard Self.isJournal(call) else { return }
      verdict.syncs += 1
      trail.syncReturned(thread: call.thread, succeeded: result == 0, at: moment)
    case "read", "readv", "recvfrom", "recvmsg":
      if Self.isSocket(call), result > 0 { received(call, result) }
    default:
      if let write = writing.removeValue(forKey: call.thread) {
        let flags = call.lastArguments.dropFirst(2).joined()
        let isSynced =
          flags.contains("RWF_DSYNC") || flags.contains("RWF_SYNC") || syncing.contains(call.descriptor ?? -1)
        trail.writeReturned(write, isWhole: result == call.payload.count, isSynced: isSynced, at: moment)
      } else if let began = sending.removeValue(forKey: call.thread), result > 0 {
        sent(call, result, began)
      }
    }
  }

  private mutating func received(_ call: SystemCall, _ count: Int) {
    guard let descriptor = call.descriptor, !call.isTruncated, call.payload.count >= count else {
      verdict.obstacles.insert("what a client sent was cut")
      return
    }
    let requests = streams[descriptor, default: ClientStream()].received(call.payload.prefix(count))
    for request in requests {
      if !request.isReadable { verdict.obstacles.insert("a Produce that cannot be read") }
      for content in request.batches.values.joined() { _ = trail.number(of: content) }
    }
  }

  private mutating func sent(_ call: SystemCall, _ count: Int, _ began: Int) {
    guard let descriptor = call.descriptor, let bytes = sentBytes(call, count) else {
      verdict.obstacles.insert("what was sent to a client was cut, or is of a file the trace does not show")
      return
    }
    for reply in streams[descriptor, default: ClientStream()].sent(bytes, at: began) {
      switch reply.request.api {
      case .produce: judgeProduce(reply, call)
      case .fetch: judgeFetch(reply, call)
      default: break
      }
    }
  }

  private func sentBytes(_ call: SystemCall, _ count: Int) -> ArraySlice<UInt8>? {
    if call.name == "sendfile" {
      guard let (path, position) = call.sentFile else { return nil }
      return segments.bytes(of: path, at: position, count: count)
    }
    guard !call.isTruncated, call.payload.count >= count else { return nil }
    return call.payload.prefix(count)
  }

  private mutating func judgeProduce(_ reply: ClientStream.Reply, _ call: SystemCall) {
    guard let places = ClientStream.acknowledged(reply) else {
      verdict.obstacles.insert("a Produce reply that cannot be read")
      return
    }
    for content in places.flatMap({ reply.request.batches[$0] ?? [] }) {
      verdict.acknowledged += 1
      judge(content, reply, "acknowledged to", call)
    }
  }

  /// What no Produce in the trace has brought is older than the trace, or the server's own.
  private mutating func judgeFetch(_ reply: ClientStream.Reply, _ call: SystemCall) {
    guard let shown = ClientStream.shown(reply) else {
      verdict.obstacles.insert("a Fetch reply that cannot be read")
      return
    }
    for content in shown where trail.known(content) != nil {
      verdict.shown += 1
      judge(content, reply, "shown to", call)
    }
  }

  private mutating func judge(_ content: [UInt8], _ reply: ClientStream.Reply, _ what: String, _ call: SystemCall) {
    let durableAt = trail.batches[trail.number(of: content)].durableAt
    if let durableAt, durableAt < reply.leftAt { return }
    verdict.early += 1
    guard verdict.examples.count < Self.examplesKept else { return }
    let state = durableAt == nil ? "not yet synced" : "synced only later"
    verdict.examples.append(
      "a batch of \(content.count) bytes was \(what) \(call.file) (correlation \(reply.request.correlation)), \(state)")
  }

  private static func isSocket(_ call: SystemCall) -> Bool { call.file.hasPrefix("TCP") }
  private static func isJournal(_ call: SystemCall) -> Bool { call.file.hasSuffix(".journal") }
}
