import Measuring
import Terminal

/// Phases of a scenario: what the steady client saw in each, and what the server took.
final class PhaseTable {
  struct Phase {
    var name: String
    var seconds: Double
    /// How many records the steady client was to send in it.
    var intended: Double
    var sight: SteadyClient.Sight
    var facts: ProcessFacts
    /// The server's processor time in this phase, in seconds.
    var processor: Double

    var p99: Double { sight.produced.milliseconds(below: 0.99) }
  }

  private(set) var phases: [Phase] = []
  var server: ServerProcess
  private let steady: SteadyClient

  init(_ server: ServerProcess, _ steady: SteadyClient) {
    self.server = server
    self.steady = steady
  }

  /// Runs `body` as a phase.
  @discardableResult
  func measure(_ name: String, _ body: () throws -> Void) throws -> Phase {
    let before = try server.facts()
    _ = steady.takeSight()
    let began = nanoseconds()
    do {
      try body()
      _ = try server.facts()
    } catch {
      print("\(text)then, in the phase '\(name)':")
      throw error
    }
    let seconds = Double(nanoseconds() - began) / 1e9
    let sight = steady.takeSight()
    let facts = try server.facts()
    let phase = Phase(
      name: name, seconds: seconds, intended: seconds * Double(steady.rate), sight: sight, facts: facts,
      processor: facts.processor - before.processor)
    phases.append(phase)
    return phase
  }

  /// Nothing but the steady client, as a phase.
  @discardableResult
  func rest(_ name: String, seconds: Double) throws -> Phase {
    try measure(name) { wait(until: nanoseconds() + Int64(seconds * 1e9)) }
  }

  var text: String {
    var table = TextTable(
      [
        "phase", "s", "records", "p50 ms", "p99 ms", "p99.9 ms", "read p99", "failed", "RSS MiB", "peak MiB", "files",
        "threads", "CPU %",
      ], rightAligned: Set(1...12))
    for phase in phases {
      let produced = phase.sight.produced
      table.add([
        phase.name, Number.text(phase.seconds), "\(produced.count)",
        Number.text(produced.milliseconds(below: 0.5)), Number.text(phase.p99),
        Number.text(produced.milliseconds(below: 0.999)),
        Number.text(phase.sight.received.milliseconds(below: 0.99)), "\(phase.sight.failures)",
        Number.text(Number.mebi(phase.facts.resident)), Number.text(Number.mebi(phase.facts.peak)),
        "\(phase.facts.descriptors)", "\(phase.facts.threads)",
        Number.text(100 * phase.processor / max(phase.seconds, 0.001)),
      ])
    }
    return table.text
  }
}

extension LimitRun {
  /// Bounds the steady client's view of a phase: it was refused nothing, and what it meant to send was acknowledged
  /// within `most` milliseconds, but for one in a hundred, and read.
  func bound(_ phase: PhaseTable.Phase, p99 most: Double) {
    bound("p99 with \(phase.name)", phase.p99, atMost: most, "ms")
    bound("failures with \(phase.name)", Double(phase.sight.failures), atMost: 0)
    bound("records sent with \(phase.name)", Double(phase.sight.produced.count), atLeast: 0.9 * phase.intended)
    bound("records read with \(phase.name)", Double(phase.sight.received.count), atLeast: 0.9 * phase.intended)
  }
}
