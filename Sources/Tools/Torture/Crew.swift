import Faults
import Glibc
import Reactor

/// The workers that run, and what became of their forerunners.
final class Crew {
  /// A worker that has written nothing for so long, longer than any pause, hangs or has nothing to do: it is replaced.
  private let patienceMs: Int

  struct Tally {
    var starts = 0
    /// Killed by the nemesis, by their own decision at an end, and for their silence.
    var killed = 0
    var gaveUp = 0
    var hung = 0
  }

  private final class Worker {
    let member: Fleet.Member
    var process: ChildProcess
    var history: String
    var size = 0
    var silentSinceMs: Int
    var isWanted = true

    init(_ member: Fleet.Member, _ process: ChildProcess, history: String, nowMs: Int) {
      self.member = member
      self.process = process
      self.history = history
      silentSinceMs = nowMs
    }
  }

  private let options: TortureOptions
  private let bootstrap: String
  private var workers: [Worker] = []
  /// No two starts of workers have the same number: their values tell them apart.
  private var number = 0
  private(set) var tallies: [Fleet.Kind: Tally] = [:]

  init(_ options: TortureOptions, bootstrap: String) {
    self.options = options
    self.bootstrap = bootstrap
    patienceMs = 20_000 + min(options.seconds * 100, 20_000)
  }

  func start(_ members: [Fleet.Member]) throws {
    for member in members {
      let (process, history) = try launch(member)
      workers.append(Worker(member, process, history: history, nowMs: Moment.nowMs()))
    }
  }

  /// Starts a program of the project's clients that is not a worker; `line` hears it.
  func program(_ name: String, _ arguments: [String]) throws -> ChildProcess {
    number += 1
    return try ChildProcess(
      [options.python, "-B", "\(options.clients)/\(name).py", bootstrap] + arguments,
      log: "\(options.folder)/logs/\(name).log",
      isHeard: true)
  }

  /// A number that no worker has.
  func freshNumber() -> String {
    number += 1
    return String(number)
  }

  private func launch(_ member: Fleet.Member) throws -> (ChildProcess, String) {
    let own = freshNumber()
    tallies[member.kind, default: Tally()].starts += 1
    let folder = options.folder + "/history"
    let process = try ChildProcess(
      Fleet.command(member, options) + [bootstrap, folder, member.name, own] + member.arguments,
      log: "\(options.folder)/logs/\(member.name).log")
    return (process, "\(folder)/\(member.name)-\(own).tsv")
  }

  /// `kill -9` for one of the workers, counted round; another takes its place.
  func kill(_ pick: Int) throws {
    let victims = workers.filter { $0.isWanted && $0.member.role != .observer }
    guard !victims.isEmpty else { return }
    let victim = victims[pick % victims.count]
    victim.process.crash()
    tallies[victim.member.kind, default: Tally()].killed += 1
    try replace(victim)
  }

  /// Replaces the workers that have ended by themselves and those that are silent for too long.
  func supervise() throws {
    let now = Moment.nowMs()
    for worker in workers where worker.isWanted {
      if !worker.process.isRunning {
        tallies[worker.member.kind, default: Tally()].gaveUp += 1
        try replace(worker)
        continue
      }
      let size = Files.size(worker.history)
      if size != worker.size { (worker.size, worker.silentSinceMs) = (size, now) }
      if now - worker.silentSinceMs > patienceMs {
        worker.process.crash()
        tallies[worker.member.kind, default: Tally()].hung += 1
        try replace(worker)
      }
    }
  }

  private func replace(_ worker: Worker) throws {
    (worker.process, worker.history) = try launch(worker.member)
    (worker.size, worker.silentSinceMs) = (0, Moment.nowMs())
  }

  /// Asks the workers of these roles to stop, and waits for their end; those that do not come to it are killed.
  func stop(_ roles: [Fleet.Role], withinMs patience: Int) {
    let leaving = workers.filter { $0.isWanted && roles.contains($0.member.role) }
    for worker in leaving {
      worker.isWanted = false
      worker.process.closeInput()
    }
    let deadline = Moment.nowMs() + patience
    while leaving.contains(where: { $0.process.isRunning }), Moment.nowMs() < deadline {
      _ = Signals.next(withinMs: 100)
    }
    for worker in leaving where worker.process.isRunning {
      worker.process.crash()
      tallies[worker.member.kind, default: Tally()].hung += 1
    }
  }
}
