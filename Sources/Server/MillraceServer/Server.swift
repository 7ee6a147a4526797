import Broker
import ByteCodec
import Glibc
import HTTPFront
import KafkaDoor
import LogStore
import Machine
import Reactor
import Settings
import SimMachine
import Synchronization
import Units

/// A Millrace server in this process: an event log for Kafka clients, in a folder or in memory.
///
///     let server = try Server(.init(folder: "./data"))
///     print(server.kafkaAddresses)   // ["127.0.0.1:9092"]
///     server.stop()
///
/// It accepts clients when the initialiser returns; recovery is done by then. One thread runs the engine and the
/// connections, seven more do what may block.
public final class Server: @unchecked Sendable {
  private let loop: EventLoop
  private let lanes: ThreadLanes
  private let door: KafkaDoor
  private let listeners: [Reactor.Listener]
  private let http: HTTPFront?
  private let settings: BrokerSettings
  /// What `memory.limit` allows.
  let budget: MemoryBudget
  private let isStopping = Atomic<Bool>(false)
  private let finished = Signal()

  /// What recovery found and did, a line each.
  public let recovery: [String]
  /// The addresses that accept Kafka clients, as `host:port`.
  public let kafkaAddresses: [String]
  /// The address that serves metrics and health, as `host:port`; nil where it was not asked for.
  public var httpAddress: String? { http?.address }

  /// Opens the data, recovers it, and listens. Throws what a person can act on; nothing runs then.
  public init(_ configuration: Configuration) throws(ServerError) {
    let clock = SystemClock()
    let disk = try Self.disk(configuration)
    let statics = try Self.statics(configuration)
    do throws(SystemError) {
      loop = try EventLoop(name: "engine", clock: clock)
    } catch {
      throw ServerError(.system, error.description)
    }
    let mail = EngineMail(loop: loop)
    let opened = try Self.open(disk, clock, statics, mail)
    lanes = opened.lanes
    settings = opened.engine.settings
    budget = opened.budget
    opened.engine.store.producerLimits.entries = budget.producers
    opened.engine.limitCompactionMemory(to: budget.compaction)
    opened.engine.limitCoordinators(groupBytes: budget.groups, transactionBytes: budget.transactions)
    recovery = opened.engine.store.report.lines + opened.engine.coordinatorLoading.lines
    let log = configuration.log
    door = KafkaDoor(
      engine: opened.engine, loop: loop, memoryBytes: budget.door,
      log: { log($0) }, failed: { configuration.failed($0.description) })
    mail.engine = opened.engine
    listeners = try Self.listen(
      configuration, loop: loop, door: door, settings: settings, largestRequest: budget.largestRequest)
    kafkaAddresses = listeners.map(\.address.description)
    if let address = configuration.http {
      try Self.refuseExposed(address.host, settings)
      http = try Self.httpFront(address, loop: loop, door: door, started: clock.now())
    } else {
      http = nil
    }
    run()
  }

  /// The settings given at the start; the data folder is the one in use, whatever a file says.
  private static func statics(_ configuration: Configuration) throws(ServerError) -> StaticSettings {
    do throws(SettingError) {
      var statics = try StaticSettings(
        flags: configuration.settings.map { "\($0.key)=\($0.value)" }, environment: configuration.environment,
        file: configuration.file)
      let folder = configuration.folder.map(Self.absolute) ?? "memory"
      // A comma would make two folders of it.
      if !folder.utf8.contains(UInt8(ascii: ",")) { try statics.set("log.dirs", to: folder, from: .server) }
      return statics
    } catch {
      throw ServerError(.settings, error.message)
    }
  }

  /// `path` from the root, without links; itself where the system cannot say.
  private static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func disk(_ configuration: Configuration) throws(ServerError) -> any Disk {
    guard let folder = configuration.folder else {
      return SimDisk(.memory(capacity: ByteCount(configuration.memoryBytes)))
    }
    do throws(DataFolderError) {
      return try POSIXDisk(path: folder)
    } catch {
      throw ServerError(.folder, "\(error)")
    }
  }

  private static func open(
    _ disk: any Disk, _ clock: SystemClock, _ statics: StaticSettings, _ mail: EngineMail
  ) throws(ServerError) -> (engine: Engine, lanes: ThreadLanes, budget: MemoryBudget) {
    let entropy = SystemEntropy()
    var options = LogStore.Options()
    var budget = MemoryBudget(chosen: nil, available: MemoryBudget.available)
    if let known = try? BrokerSettings(BrokerLayers(statics: statics)) {
      if case .interval(let milliseconds) = known.storage.durability {
        options.syncInterval = LogStore.SyncInterval(milliseconds: Int64(milliseconds))
      }
      budget = MemoryBudget(chosen: known.network.memoryLimitBytes, available: MemoryBudget.available)
      options.journalFileBytes = ByteCount(known.storage.journalFileBytes)
      options.checkpointBytes = ByteCount(known.storage.journalCheckpointBytes)
      options.journalCap = ByteCount(known.storage.journalCapBytes)
    }
    options.waitingBytes = ByteCount(budget.waitingForDisk)
    options.replayBytes = ByteCount(budget.replay)
    var made: Result<ThreadLanes, SystemError>?
    let store: LogStore
    do throws(RecoveryFailure) {
      store = try LogStore(disk: disk, clock: clock, entropy: entropy, options: options) { workshop in
        do throws(SystemError) {
          let lanes = try ThreadLanes(workshop: workshop) { mail.deliver($0) }
          made = .success(lanes)
          return lanes
        } catch {
          made = .failure(error)
          return IdleLanes()
        }
      }
    } catch {
      switch error {
      case .lockHeld: break
      case .disk: throw ServerError(.folder, error.description)
      default: throw ServerError(.damaged, error.description)
      }
      let holder = (try? disk.lockHolder("lock")).map { " (process \($0))" } ?? ""
      throw ServerError(.locked, "\(error.description)\(holder)")
    }
    guard case .success(let lanes) = made else { throw ServerError(.system, "no threads could be started") }
    do throws(SettingError) {
      return (try Engine(store: store, clock: clock, entropy: entropy, statics: statics), lanes, budget)
    } catch {
      throw ServerError(.settings, error.message)
    }
  }

  /// Without authentication and TLS, only this machine may connect, unless `insecure` says otherwise.
  private static func refuseExposed(_ host: String, _ settings: BrokerSettings) throws(ServerError) {
    let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
    guard isLoopback || settings.node.isInsecureAllowed else {
      throw ServerError(
        .settings,
        "\(host) can be reached from other machines, and there is no authentication or TLS: listen on 127.0.0.1, or say "
          + "--insecure (MILLRACE_INSECURE=1) when the network is trusted")
    }
  }

  private static func listen(
    _ configuration: Configuration, loop: EventLoop, door: KafkaDoor, settings: BrokerSettings,
    largestRequest: Int
  ) throws(ServerError) -> [Reactor.Listener] {
    let census = ConnectionCensus(
      .init(
        total: settings.network.maxConnections.map(Int.init) ?? Configuration.connectionsByDescriptors,
        perAddress: Int(settings.network.maxConnectionsPerAddress ?? Configuration.connectionsPerAddress),
        newPerSecond: Int(settings.network.maxConnectionRate ?? Configuration.connectionsPerSecond)))
    let limits = ConnectionLimits(
      maxFrameBytes: min(Int(settings.network.requestMaxBytes), largestRequest),
      idleMs: settings.network.idleMs < 0 ? nil : settings.network.idleMs)
    let mail = DoorMail(door)
    var listeners: [Reactor.Listener] = []
    for (host, port) in configuration.kafka {
      try refuseExposed(host, settings)
      do throws(SystemError) {
        listeners.append(
          try Reactor.Listener(
            on: loop, Reactor.Listener.Settings(host: host, port: port, limits: limits, census: census),
            report: { mail.report($0) }, makeHandler: { mail.door.accepted($0) }))
      } catch {
        let hasNoIPv6 = error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT
        if host == "::1", hasNoIPv6, !listeners.isEmpty { continue }
        throw ServerError(.listen, "cannot listen on \(host):\(port): \(error)")
      }
    }
    return listeners
  }

  private func run() {
    let engine = door.engine
    let timer = EngineTimer(loop: loop, engine: engine)
    loop.atEndOfTurn { [door] in
      door.turnEnded()
      timer.arm()
    }
    do throws(SystemError) {
      try loop.start()
    } catch {
      finished.set()
    }
  }

  /// Stops in order: no new connections, a last checkpoint, the clean-stop mark. Returns when all is done. Stopping twice
  /// is harmless.
  public func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return finished.wait() }
    http?.stop()
    let posted = loop.post { [self] in
      for listener in listeners { listener.close() }
      door.closeConnections()
      door.engine.shutDown { [self] in loop.stop() }
    }
    if !posted { loop.stop() }
    loop.join()
    lanes.stop()
    finished.set()
  }
}

/// Takes lane events to the engine's thread.
private final class EngineMail: @unchecked Sendable {
  private let loop: EventLoop
  /// Set before the first job is submitted by the loop's thread.
  weak var engine: Engine?

  init(loop: EventLoop) { self.loop = loop }

  func deliver(_ event: LogEvent) {
    _ = loop.post { [self] in engine?.laneFinished(event) }
  }
}

/// The door as listeners see it, on the loop's thread.
private final class DoorMail: @unchecked Sendable {
  let door: KafkaDoor

  init(_ door: KafkaDoor) { self.door = door }

  func report(_ event: ListenerEvent) {
    if case .outOfDescriptors = event { door.engine.store.giveUpFiles() }
    door.listenerReported(event)
  }
}

/// Lanes for a store that is given up at once.
private final class IdleLanes: JobLanes {
  func submit(_ job: LogJob) {}
}

/// Calls the engine when something falls due.
private final class EngineTimer {
  private let loop: EventLoop
  private let engine: Engine
  private var armed: (at: Instant, id: TimerID)?

  init(loop: EventLoop, engine: Engine) {
    self.loop = loop
    self.engine = engine
  }

  func arm() {
    let due = engine.nextDeadline
    if let armed, armed.at <= due { return }
    if let armed { loop.cancel(armed.id) }
    armed = nil
    guard due < .distantFuture else { return }
    armed = (
      due,
      loop.schedule(at: due) { [self] in
        armed = nil
        engine.timePassed()
      }
    )
  }
}
