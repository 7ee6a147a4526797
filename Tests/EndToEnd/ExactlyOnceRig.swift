import Glibc
import Testing

/// A server that is killed again and again, and the judge that feeds its applications and reads what they make.
final class ExactlyOnceRig {
  /// Sessions and transactions that end soon, so that what was killed is given up soon.
  static let settings = [
    "group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000",
    "group.consumer.min.session.timeout.ms=1000", "group.consumer.session.timeout.ms=2000",
    "group.consumer.min.heartbeat.interval.ms=100", "group.consumer.heartbeat.interval.ms=300",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms=500",
  ]

  let scratch: Scratch
  /// The folder of the Java clients' classes.
  let classes: String
  let judge: Child
  private(set) var server: RunningServer
  /// How often the server was killed, and how often an application.
  private(set) var (crashes, kills) = (0, 0)
  /// How many of these kills came while an application waited in its open transaction.
  private(set) var holds = 0
  /// How many records applications had flushed in transactions that were not to be committed.
  private var abandoned = 0
  private let folder: String
  private let began = ContinuousClock.now

  /// Starts the server and the judge, and waits until its topics exist.
  init(judging arguments: [String], scratch: Scratch) throws {
    self.scratch = scratch
    classes = try Tools.compileJava(scratch)
    folder = scratch.newPath("data")
    server = try RunningServer(folder: folder, settings: Self.settings, scratch: scratch)
    judge = try Child(try Tools.client("exactly_once", [server.bootstrap] + arguments), scratch: scratch)
    guard try judge.output.line(within: 60) == "ready" else { throw ChildFailure("the judge: \(judge.errors)") }
  }

  var bootstrap: String { server.bootstrap }

  /// How long this has been going on.
  var elapsed: Duration { ContinuousClock.now - began }

  /// `kill -9`, and a start on the same folder and port.
  func crashServer() throws {
    server.crash()
    crashes += 1
    server = try RunningServer(folder: folder, port: server.port, settings: Self.settings, scratch: scratch)
  }

  func feed(_ records: Int) throws { try judge.write("\(records)\n") }

  /// Waits until so many hundreds more of the output are committed.
  func awaitHundreds(_ count: Int) throws {
    for _ in 0..<count {
      guard try judge.output.line(within: 120) == "+" else { throw ChildFailure("the judge: \(judge.errors)") }
    }
  }

  /// Feeds no more and waits until the output has as many records as it shall have, or gets no more.
  func awaitComplete() throws {
    try judge.write("end\n")
    while let line = try judge.output.line(within: 240) {
      if line == "complete" { return }
    }
    throw ChildFailure("the judge: \(judge.errors)")
  }

  /// Asks an application to wait in a transaction before it ends it, and feeds until it does: how many records it has
  /// flushed there.
  private func hold(_ application: Child) throws -> Int {
    try application.write("hold\n")
    let deadline = ContinuousClock.now + .seconds(60)
    // Its partitions may be empty, or still another's: what is fed from now on waits there for it.
    repeat { try feed(40) } while !application.output.hasLine(within: 1) && ContinuousClock.now < deadline
    let words = try application.output.line(within: 1)?.split(separator: " ") ?? []
    guard words.count == 2, words[0] == "OPEN", let count = Int(words[1]), count > 0 else {
      throw ChildFailure("it has no transaction: \(words) \(application.errors)")
    }
    holds += 1
    return count
  }

  /// Kills an application while its transaction is open.
  func killInTransaction(_ application: Child) throws {
    abandoned += try hold(application)
    try kill(application)
  }

  /// Kills the server while an application's transaction is open, which then commits or aborts it.
  func crashServer(inTransactionOf application: Child, committing: Bool) throws {
    let count = try hold(application)
    try crashServer()
    try application.write(committing ? "commit\n" : "abort\n")
    if !committing { abandoned += count }
  }

  /// What the judge finds in the whole output when the applications have stopped and no transaction is open: nothing can
  /// still come. What was abandoned must be among the records of aborted transactions. Then the server stops in order.
  func verdict() throws -> String {
    try awaitNoTransaction()
    judge.closeInput()
    let said = try judge.output.rest(within: 240)
    #expect(judge.wait() == 0, "\(said)\(judge.errors)")
    let aborted = said.split(separator: " ").first.flatMap { Int($0) }
    #expect(try #require(aborted) >= abandoned, "\(said)")
    #expect(server.stop() == 0)
    return said
  }

  /// Ends an application as a crash does. Until then it must have found a way on.
  func kill(_ application: Child) throws {
    application.signal(SIGKILL)
    // One that had ended by itself was not killed.
    #expect(application.wait() == 128 + SIGKILL, "\(application.errors)")
    kills += 1
    let said = try application.output.rest(within: 30)
    #expect(!said.contains("FATAL"), "\(said)\(application.errors)")
  }

  /// Asks an application to stop. It must have found a way on all the time.
  func stop(_ application: Child) throws {
    application.closeInput()
    let said = try application.output.rest(within: 120)
    #expect(application.wait() == 0 && !said.contains("FATAL"), "\(said)\(application.errors)")
  }

  /// What a killed application left open ends when its timeout is over.
  private func awaitNoTransaction() throws {
    let deadline = ContinuousClock.now + .seconds(60)
    var listed = ""
    repeat {
      let outcome = try run(
        [Tools.millrace, "txn", "list", "--bootstrap", bootstrap, "--state", "Ongoing"], scratch: scratch)
      try #require(outcome.code == 0, "\(outcome.errors)")
      listed = outcome.output
    } while listed.contains("Ongoing") && ContinuousClock.now < deadline
    #expect(!listed.contains("Ongoing"), "\(listed)")
  }
}
