import ByteCodec
import Glibc
import MillraceServer
import Terminal

/// A server's life as a process: options, signals, log, exit code.
struct ServeJob {
  private var configuration: Server.Configuration

  init(_ given: Arguments) throws {
    guard given.words.isEmpty else { throw UsageError("'\(given.words[0])' is no option") }
    guard !(given.has("memory") && given.has("data")) else {
      throw UsageError("--memory keeps nothing on disk: leave --data out")
    }
    configuration = Server.Configuration(folder: given.has("memory") ? nil : given.text("data") ?? "./millrace-data")
    configuration.kafka = try given.texts("kafka").map { try Self.address($0, of: "kafka") }
    if configuration.kafka.isEmpty { configuration.kafka = [("127.0.0.1", 9092), ("::1", 9092)] }
    configuration.http = try given.text("http").map { try Self.address($0, of: "http") }
    configuration.environment = Self.environment()
    for (name, value) in try given.pairs("set") { configuration.settings[name] = value }
    let variable = configuration.environment.removeValue(forKey: "MILLRACE_INSECURE")
    if given.has("insecure") || variable == "1" || variable == "true" { configuration.settings["insecure"] = "true" }
    if let path = given.text("config") { configuration.file = (path, try Self.text(of: path)) }
    configuration.log = { ServerLog.write($0) }
    configuration.failed = { reason in
      ServerLog.write("the disk failed, so nothing more is acknowledged: \(reason). Start again to recover.")
      exit(ExitCode.disk.rawValue)
    }
  }

  /// Serves until a signal. `welcomes` says what to do next instead of just being ready.
  func run(welcomes: Bool = false) throws -> ExitCode {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    Server.tuneProcessMemory()
    Server.raiseDescriptorLimit()
    var configuration = configuration
    if welcomes, configuration.http == nil { configuration.http = ("127.0.0.1", 8080) }
    let server = try Self.start(configuration)
    server.keepFreedMemory()
    for line in server.recovery { ServerLog.write(line) }
    announce(server, welcomes: welcomes)
    var caught: Int32 = 0
    sigwait(&signals, &caught)
    ServerLog.write("stopping")
    server.stop()
    return .done
  }

  private static func start(_ configuration: Server.Configuration) throws -> Server {
    do throws(ServerError) {
      return try Server(configuration)
    } catch {
      let folder = configuration.folder ?? "memory"
      switch error.code {
      case .settings: throw CommandFailure(.usage, error.description, advice: "`millrace config` shows what is set.")
      case .damaged:
        throw CommandFailure(
          .badData, "\(folder): \(error)",
          advice: "`millrace verify \(folder)` names what is damaged, `millrace repair \(folder) --dry-run` the "
            + "command that puts it right.")
      case .locked:
        throw CommandFailure(.tryAgain, "\(folder): \(error)", advice: "Stop that process, or use another --data.")
      case .listen: throw CommandFailure(.tryAgain, error.description, advice: "Use another --kafka or --http address.")
      default: throw CommandFailure(.disk, "\(folder): \(error)", advice: "`millrace doctor` looks at the folder.")
      }
    }
  }

  private func announce(_ server: Server, welcomes: Bool) {
    let http = server.httpAddress.map { " http=\($0)" } ?? ""
    let output = Output()
    output.write("millrace ready kafka=\(server.kafkaAddresses.joined(separator: ","))\(http)\n")
    if welcomes {
      let address = server.kafkaAddresses.first ?? ""
      output.write(
        """
          data       ./millrace-data
          produce    echo 'hello' | kcat -b \(address) -t greetings -P
          consume    kcat -b \(address) -t greetings -C -e
          topics     millrace topic list
          metrics    http://\(server.httpAddress ?? "")/metrics
          stop       Ctrl-C; kill -9 loses nothing that was acknowledged

        """)
    }
    output.flush()
  }

  private static func address(_ text: String, of option: String) throws -> (host: String, port: UInt16) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw UsageError("--\(option) takes HOST:PORT, not '\(text)'")
    }
    var host = text[..<colon]
    if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
    return (String(host), port)
  }

  private static func text(of path: String) throws -> String {
    var reason = ""
    guard let lines = LineSource(path: path, reason: &reason) else {
      throw CommandFailure(.usage, "cannot read \(path): \(reason)", advice: "Check the path after --config.")
    }
    var text = ""
    while true {
      switch lines.next(waitMs: -1) {
      case .line(let line): text += String(decoding: line.copy(), as: UTF8.self) + "\n"
      case .end: return text
      case .pause: continue
      case .tooLong: throw CommandFailure(.usage, "\(path) is no settings file: a line is too long")
      case .failed(let reason): throw CommandFailure(.usage, "cannot read \(path): \(reason)")
      }
    }
  }

  /// All variables of the process.
  private static func environment() -> [String: String] {
    var found: [String: String] = [:]
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      if let sign = text.firstIndex(of: "=") { found[String(text[..<sign])] = String(text[text.index(after: sign)...]) }
      next += 1
    }
    return found
  }
}
