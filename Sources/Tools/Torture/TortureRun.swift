import Faults
import Glibc
import Machine
import Reactor

/// One run: a server behind the proxy, workers that go on whatever happens, and a nemesis; then everything is healed,
/// drained and read again. What it leaves is a history to be judged.
package final class TortureRun {
  /// The proxy holds no frame for longer.
  private static let healMs = 7_000

  private let options: TortureOptions
  private let proxy: FaultProxy
  private let victim: any Victim
  private let crew: Crew
  private var nemesis: Nemesis
  private var faults: [Nemesis.Kind: Int] = [:]
  private var pausedMs = 0
  private var longestStartMs = 0
  /// How the server ended where nobody had killed it.
  private var deaths: [Int32] = []

  package init(_ options: TortureOptions) throws {
    self.options = options
    for folder in ["", "/history", "/logs"] { try Files.makeFolder(options.folder + folder) }
    guard Files.names(in: options.folder + "/history", ending: ".tsv").isEmpty else {
      throw TortureFailure("\(options.folder) holds the history of another run")
    }
    proxy = try FaultProxy(seed: options.seed, clock: SystemClock())
    let address = proxy.address.description
    victim =
      switch options.target {
      case .millrace: MillraceVictim(options, advertised: address)
      case .kafka: try KafkaVictim(options, advertised: address)
      }
    crew = Crew(options, bootstrap: address)
    nemesis = Nemesis(seed: options.seed, runMs: options.seconds * 1000, pace: options.target == .kafka ? 4 : 1)
  }

  /// Runs to the end; what it did.
  package func run() throws -> TortureReport {
    defer { proxy.stop() }
    try startServer()
    try expect("made", from: try crew.program("topics", [String(Fleet.partitions), Fleet.input] + Fleet.outputs))
    try Files.write(Fleet.declarations, to: options.folder + "/history/driver.tsv")
    try crew.start(Fleet.members(withJava: !options.classes.isEmpty, rate: options.rate))
    let end = Moment.nowMs() + options.seconds * 1000
    while Moment.nowMs() < end {
      let (waitMs, fault) = nemesis.next()
      try wait(min(waitMs, max(end - Moment.nowMs(), 0)))
      if Moment.nowMs() < end { try inflict(fault) }
    }
    try heal()
    return TortureReport(
      options: options, server: victim.name, faults: faults, pausedMs: pausedMs, longestStartMs: longestStartMs,
      deaths: deaths, proxy: proxy.counts, tallies: crew.tallies)
  }

  private func startServer() throws {
    let began = Moment.nowMs()
    try victim.start()
    longestStartMs = max(longestStartMs, Moment.nowMs() - began)
    proxy.forward(to: victim.port)
  }

  /// Waits, and meanwhile replaces workers that end and a server that died by itself.
  private func wait(_ ms: Int) throws {
    let deadline = Moment.nowMs() + ms
    repeat {
      let left = deadline - Moment.nowMs()
      if let signal = Signals.next(withinMs: min(max(left, 0), 500)), signal != SIGCHLD {
        throw TortureFailure("interrupted")
      }
      if let process = victim.process, !process.isRunning {
        deaths.append(process.status ?? -1)
        guard deaths.count < 20 else { throw TortureFailure("the server dies again and again") }
        try startServer()
      }
      try crew.supervise()
    } while Moment.nowMs() < deadline
  }

  private func inflict(_ fault: Nemesis.Fault) throws {
    faults[fault.kind, default: 0] += 1
    switch fault {
    case .kill(let downMs):
      victim.process?.crash()
      // The server is gone on purpose: nobody is to start it before its time.
      _ = poll(nil, 0, Int32(downMs))
      try startServer()
    case .pause(let ms):
      victim.process?.signal(SIGSTOP)
      pausedMs += ms
      // However the wait ends, the server goes on.
      defer { victim.process?.signal(SIGCONT) }
      try wait(ms)
    case .cut: proxy.cutAll()
    case .isolate(let ms):
      proxy.refuse(true)
      proxy.cutAll()
      defer { proxy.refuse(false) }
      try wait(ms)
    case .weather(let kind): proxy.set(kind)
    case .killWorker(let pick): try crew.kill(pick)
    }
  }

  /// No more faults: the producers end, the others get to the end of what there is, and all of it is read again.
  private func heal() throws {
    proxy.set(.calm)
    let healed = Moment.nowMs() + Self.healMs
    crew.stop([.producer], withinMs: 90_000)
    // What the proxy still holds arrives now.
    try wait(max(healed - Moment.nowMs(), 0))
    let audit = try crew.program(
      "audit",
      [options.folder + "/history", "audit", crew.freshNumber(), Fleet.input, String(Fleet.partitions)] + Fleet.groups
        + ["--"] + Fleet.outputs)
    try expect("drained", from: audit)
    crew.stop([.reader, .mover, .observer], withinMs: 60_000)
    audit.write("read\n")
    try expect("read", from: audit)
    audit.awaitEnd()
    victim.process?.signal(SIGTERM)
    victim.process?.awaitEnd()
    if let status = victim.process?.status, status != 0, options.target == .millrace { deaths.append(status) }
  }

  /// Waits, for ten minutes at most, until a program has said a word.
  private func expect(_ word: String, from program: ChildProcess) throws {
    let deadline = Moment.nowMs() + 600_000
    while Moment.nowMs() < deadline {
      if let line = program.line(withinMs: 0) {
        guard line == word else { throw TortureFailure("a program of the run says: \(line)") }
        return
      }
      guard program.isRunning else { break }
      try wait(200)
    }
    throw TortureFailure("a program of the run did not say \"\(word)\": see \(options.folder)/logs")
  }
}
