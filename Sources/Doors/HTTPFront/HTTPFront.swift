import CMicroHTTPD
import Glibc
import Machine
package import Reactor

/// HTTP for what is not Kafka: a listener on one address, with routes by path. One thread of libmicrohttpd serves all its
/// connections; answers may come from other threads.
///
/// Only GET and HEAD are served. The Host header must be an address literal, `localhost` or the name that is listened
/// on: a page of another name that a browser was led to reach us by is refused.
package final class HTTPFront: @unchecked Sendable {
  /// The address that accepts clients, as `host:port`.
  package let address: String
  private let core: HTTPCore
  private let daemon: OpaquePointer
  private let isStopped = Locked(false)

  /// Listens on `host` and `port` (0 takes a free one) and serves `routes`.
  package init(
    host: String, port: UInt16, limits: HTTPLimits = HTTPLimits(), routes: [HTTPRoute]
  ) throws(SystemError) {
    let socket = try BoundSocket(host: host, port: port)
    address = socket.address.description
    core = HTTPCore(host: host, routes: routes)
    daemon = try Self.start(core, socket, limits)
  }

  private static func start(
    _ core: HTTPCore, _ socket: BoundSocket, _ limits: HTTPLimits
  ) throws(SystemError) -> OpaquePointer {
    let completed: MHD_RequestCompletedCallback = requestCompleted
    // The core is kept by the front, which stops the daemon before it goes.
    let raw = Unmanaged.passUnretained(core).toOpaque()
    let number = socket.takeDescriptor()
    var options = [
      MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(number), ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_LIMIT, value: limits.connections, ptr_value: nil),
      MHD_OptionItem(option: .PER_IP_CONNECTION_LIMIT, value: limits.connectionsPerAddress, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_MEMORY_LIMIT, value: limits.headerBytes, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: limits.idleSeconds, ptr_value: nil),
      MHD_OptionItem(option: .NOTIFY_COMPLETED, value: unsafeBitCast(completed, to: Int.self), ptr_value: raw),
      MHD_OptionItem(option: .END, value: 0, ptr_value: nil),
    ]
    // The library's thread inherits the mask: signals belong to whoever waits for them.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let flags = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
    let daemon: OpaquePointer? = options.withUnsafeMutableBufferPointer { table in
      guard let base = table.baseAddress else { return nil }
      return withVaList([MHD_OPTION.ARRAY.rawValue, base, MHD_OPTION.END.rawValue]) {
        MHD_start_daemon_va(flags, 0, nil, nil, requestArrived, raw, $0)
      }
    }
    guard let daemon else {
      let code = errno
      close(number)
      throw SystemError(call: "MHD_start_daemon", code: code)
    }
    return daemon
  }

  deinit { stop() }

  /// Ends all connections and the thread. Requests that wait get 503. Stopping twice is harmless.
  package func stop() {
    let isFirst = isStopped.withLock { stopped in
      defer { stopped = true }
      return !stopped
    }
    guard isFirst else { return }
    core.stop()
    MHD_stop_daemon(daemon)
  }
}

/// What the library's callbacks need.
private final class HTTPCore: @unchecked Sendable {
  private struct Waiting: Sendable {
    var isStopping = false
    var works: [ObjectIdentifier: HTTPWork] = [:]
  }

  private let routes: [String: HTTPRoute]
  private let hosts: HostRule
  private let waiting = Locked(Waiting())

  init(host: String, routes: [HTTPRoute]) {
    hosts = HostRule(host: host)
    self.routes = Dictionary(routes.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Why a request is refused before its path is looked at.
  func fault(method: String, host: String?, hasBody: Bool) -> HTTPReply? {
    guard method == "GET" || method == "HEAD" else { return .refusal(405, "only GET and HEAD are served here") }
    if hasBody { return .refusal(400, "a request with a body is not served here") }
    guard let host, hosts.admits(host) else {
      return .refusal(421, "the Host header names a host that is not served here")
    }
    return nil
  }

  func answer(path: String, _ work: HTTPWork) {
    let exchange = HTTPExchange(work)
    guard let route = routes[path] else { return exchange.reply(.refusal(404, "there is nothing at this path")) }
    let isStopping = waiting.withLock { waiting in
      if !waiting.isStopping { waiting.works[ObjectIdentifier(work)] = work }
      return waiting.isStopping
    }
    if isStopping { return exchange.reply(.refusal(503, "the server stops")) }
    route.answer(HTTPRequest(path: path), exchange)
  }

  func over(_ work: HTTPWork) {
    waiting.withLock { $0.works[ObjectIdentifier(work)] = nil }
    work.over()
  }

  func stop() {
    let works = waiting.withLock { waiting in
      waiting.isStopping = true
      return waiting.works.values.map { $0 }
    }
    for work in works { work.finish(.refusal(503, "the server stops")) }
  }
}

private func requestArrived(
  _ raw: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ body: UnsafePointer<CChar>?,
  _ bodyCount: UnsafeMutablePointer<Int>?, _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let raw, let connection, let url, let method, let bodyCount, let place else { return .NO }
  let core = Unmanaged<HTTPCore>.fromOpaque(raw).takeUnretainedValue()
  guard let known = place.pointee else {
    // Released by `requestCompleted`, which the library calls for every request that left something here.
    place.pointee = Unmanaged.passRetained(HTTPWork(connection: connection)).toOpaque()
    let length = header("Content-Length", of: connection)
    let hasBody = (length ?? "0") != "0" || header("Transfer-Encoding", of: connection) != nil
    let host = header("Host", of: connection)
    guard let fault = core.fault(method: String(cString: method), host: host, hasBody: hasBody) else { return .YES }
    return send(fault, on: connection)
  }
  if bodyCount.pointee > 0 { return .NO }
  let work = Unmanaged<HTTPWork>.fromOpaque(known).takeUnretainedValue()
  if let reply = work.reply { return send(reply, on: connection) }
  guard work.suspend() else { return .NO }
  core.answer(path: String(cString: url), work)
  return .YES
}

private func requestCompleted(
  _ raw: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ place: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_RequestTerminationCode
) {
  guard let raw, let place, let known = place.pointee else { return }
  place.pointee = nil
  let work = Unmanaged<HTTPWork>.fromOpaque(known).takeRetainedValue()
  Unmanaged<HTTPCore>.fromOpaque(raw).takeUnretainedValue().over(work)
}

private func header(_ name: String, of connection: OpaquePointer) -> String? {
  MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { String(cString: $0) }
}

private func send(_ reply: HTTPReply, on connection: OpaquePointer) -> MHD_Result {
  var body = reply.body
  let made: OpaquePointer? = body.withUTF8 { bytes in
    MHD_create_response_from_buffer(
      bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
  }
  guard let response = made else { return .NO }
  defer { MHD_destroy_response(response) }
  _ = MHD_add_response_header(response, "Content-Type", reply.contentType)
  _ = MHD_add_response_header(response, "X-Content-Type-Options", "nosniff")
  _ = MHD_add_response_header(response, "Cache-Control", "no-store")
  return MHD_queue_response(connection, reply.status, response)
}
