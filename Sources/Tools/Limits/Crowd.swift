package import ByteCodec
import CLinux
import Glibc
package import Measuring

/// Many connections in one thread, none of which waits. Owned by one thread.
package final class Crowd {
  /// How many connections it has had may be as large as it likes: places are used again.
  private struct Peer {
    var descriptor: Int32 = -1
    var input: [UInt8] = []
    var output: [UInt8] = []
    var sent = 0
    var interest: UInt32 = 0
    var reads = true
  }

  private let epoll: Int32
  private var peers: [Peer] = []
  private var free: [Int] = []
  private let scratch = ByteBlock(capacity: 1 << 18)
  private var events = [epoll_event](repeating: epoll_event(), count: 512)
  private var place = sockaddr_in()
  package private(set) var openCount = 0
  private(set) var bytesReceived = 0
  /// A frame came on a connection, without its length.
  package var onFrame: (Int, ByteSlice) -> Void = { _, _ in }
  /// The server closed a connection.
  package var onClosed: (Int) -> Void = { _ in }

  /// Connections to `address`, `host:port` with an IPv4 host.
  package init(_ address: String) throws(MeasuringFailure) {
    let parts = address.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]), inet_pton(AF_INET, String(parts[0]), &place.sin_addr) == 1
    else { throw MeasuringFailure("\(address) is no IPv4 address") }
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
  }

  deinit {
    for peer in peers where peer.descriptor >= 0 { Glibc.close(peer.descriptor) }
    Glibc.close(epoll)
  }

  /// A new connection; `receiveBuffer` limits what the system takes for it.
  package func connect(reads: Bool = true, receiveBuffer: Int32? = nil) throws(MeasuringFailure) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | LINUX_SOCK_CLOEXEC, 0)
    guard descriptor >= 0 else { throw MeasuringFailure("no socket: error \(errno)") }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    let connected = withUnsafeBytes(of: &place) { bytes in
      Glibc.connect(
        descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    guard connected == 0 else {
      let code = errno
      Glibc.close(descriptor)
      throw MeasuringFailure("cannot connect: error \(code)")
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let id = free.popLast() ?? peers.count
    if id == peers.count { peers.append(Peer()) }
    peers[id] = Peer(descriptor: descriptor, reads: reads)
    peers[id].interest = reads ? EPOLLIN.rawValue : 0
    control(EPOLL_CTL_ADD, id)
    openCount += 1
    return id
  }

  /// Queues bytes as they are.
  package func send(_ bytes: [UInt8], on id: Int) {
    guard peers[id].descriptor >= 0 else { return }
    if peers[id].output.isEmpty { peers[id].output = bytes } else { peers[id].output += bytes }
    flush(id)
  }

  package func isOpen(_ id: Int) -> Bool { peers[id].descriptor >= 0 }

  /// Reads so much now of a connection that is not read by itself. Answers how much there was.
  func readSome(_ id: Int, atMost limit: Int) -> Int {
    guard peers[id].descriptor >= 0 else { return 0 }
    let count = recv(peers[id].descriptor, scratch.base, min(limit, scratch.capacity), Int32(MSG_DONTWAIT))
    if count == 0 || (count < 0 && errno != EAGAIN) { lost(id) }
    bytesReceived += max(count, 0)
    return max(count, 0)
  }

  func close(_ id: Int) {
    guard peers[id].descriptor >= 0 else { return }
    Glibc.close(peers[id].descriptor)
    peers[id] = Peer()
    free.append(id)
    openCount -= 1
  }

  package func closeAll() {
    for id in peers.indices { close(id) }
  }

  /// Takes what has come, waiting at most `ms` for it.
  func poll(ms: Int32) {
    let count = epoll_wait(epoll, &events, Int32(events.count), ms)
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let id = Int(events[index].data.u64 & 0xffff_ffff)
      let descriptor = Int32(truncatingIfNeeded: events[index].data.u64 >> 32)
      guard peers[id].descriptor == descriptor else { continue }
      let what = events[index].events
      if what & EPOLLOUT.rawValue != 0 { flush(id) }
      if peers[id].descriptor == descriptor, what & (EPOLLIN.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
        if peers[id].reads { receive(id) } else { lost(id) }
      }
    }
  }

  /// Polls until `isDone`, or `seconds` have passed. Answers whether it was done.
  @discardableResult
  package func run(seconds: Double, until isDone: () -> Bool = { false }) -> Bool {
    let deadline = nanoseconds() + Int64(seconds * 1e9)
    while !isDone() {
      let left = deadline - nanoseconds()
      guard left > 0 else { return false }
      poll(ms: Int32(clamping: min(left / 1_000_000 + 1, 100)))
    }
    return true
  }

  private func receive(_ id: Int) {
    let count = recv(peers[id].descriptor, scratch.base, scratch.capacity, Int32(MSG_DONTWAIT))
    guard count > 0 else {
      if count < 0, errno == EAGAIN { return }
      return lost(id)
    }
    bytesReceived += count
    peers[id].input += UnsafeRawBufferPointer(start: scratch.base, count: count)
    var used = 0
    while peers[id].input.count - used >= 4 {
      let size = peers[id].input[used..<(used + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard peers[id].input.count - used >= 4 + size else { break }
      let frame = ByteSlice(copying: Array(peers[id].input[(used + 4)..<(used + 4 + size)]))
      used += 4 + size
      onFrame(id, frame)
      guard peers[id].descriptor >= 0 else { return }
    }
    if used > 0 { peers[id].input.removeFirst(used) }
  }

  private func flush(_ id: Int) {
    while peers[id].sent < peers[id].output.count {
      let start = peers[id].sent
      let count = peers[id].output.withUnsafeBytes {
        Glibc.send(
          peers[id].descriptor, $0.baseAddress.map { $0 + start }, $0.count - start,
          LINUX_MSG_NOSIGNAL | Int32(MSG_DONTWAIT))
      }
      if count < 0 {
        if errno != EAGAIN { return lost(id) }
        return watch(id, writing: true)
      }
      peers[id].sent += count
    }
    peers[id].output = []
    peers[id].sent = 0
    watch(id, writing: false)
  }

  private func watch(_ id: Int, writing: Bool) {
    let wanted = (peers[id].reads ? EPOLLIN.rawValue : 0) | (writing ? EPOLLOUT.rawValue : 0)
    guard wanted != peers[id].interest else { return }
    peers[id].interest = wanted
    control(EPOLL_CTL_MOD, id)
  }

  private func lost(_ id: Int) {
    close(id)
    onClosed(id)
  }

  private func control(_ operation: Int32, _ id: Int) {
    let token = UInt64(UInt32(bitPattern: peers[id].descriptor)) << 32 | UInt64(id)
    var event = epoll_event(events: peers[id].interest, data: epoll_data_t(u64: token))
    _ = epoll_ctl(epoll, operation, peers[id].descriptor, &event)
  }
}
