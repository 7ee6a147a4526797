import Testing
import TraceJudge

/// The judge over traces that are right, and over each way to acknowledge too early.
@Suite struct TraceJudgeTests {
  private let batch: [UInt8]
  private let other: [UInt8]

  init() throws {
    batch = try Trace.batch("a record")
    other = try Trace.batch("another")
  }

  /// A trace whose client has sent the batch.
  private func begun() -> Trace {
    var trace = Trace()
    trace.produce(batch, correlation: 1)
    return trace
  }

  @Test func anAcknowledgementBehindTheSyncIsGood() {
    var trace = begun()
    trace.write([1, 2, 3] + Trace.stored(batch) + [0, 0], at: 64)
    trace.sync()
    trace.acknowledge(correlation: 1)
    let verdict = trace.verdict
    #expect(verdict.isGood)
    #expect((verdict.acknowledged, verdict.journalWrites, verdict.syncs) == (1, 1, 1))
  }

  @Test func withoutASyncItIsTooEarly() {
    var trace = begun()
    trace.write(Trace.stored(batch), at: 64)
    trace.acknowledge(correlation: 1)
    trace.sync()
    #expect(trace.verdict.early == 1)
    #expect(trace.verdict.examples.first?.contains("not yet synced") ?? false)
  }

  @Test func aSyncThatHasNotReturnedIsNone() {
    var trace = begun()
    trace.write(Trace.stored(batch), at: 64)
    trace.syncBegins()
    trace.acknowledge(correlation: 1)
    trace.syncEnds()
    #expect(trace.verdict.early == 1)
    var later = begun()
    later.write(Trace.stored(batch), at: 64)
    later.syncBegins()
    later.syncEnds()
    later.acknowledge(correlation: 1)
    #expect(later.verdict.isGood)
  }

  @Test func aSyncDoesNotCoverWhatIsWrittenWhileItRuns() {
    var trace = begun()
    trace.write([9], at: 0)
    trace.add("fdatasync(5<\(Trace.hex(Array("/data/journal/0.journal".utf8)))> <unfinished ...>", thread: 3)
    trace.write(Trace.stored(batch), at: 64)
    trace.add("<... fdatasync resumed>) = 0", thread: 3)
    trace.acknowledge(correlation: 1)
    #expect(trace.verdict.early == 1)
  }

  @Test func aFailedSyncIsNone() {
    var trace = begun()
    trace.write(Trace.stored(batch), at: 64)
    trace.sync(result: "-1 EIO (Input/output error)")
    trace.acknowledge(correlation: 1)
    #expect(trace.verdict.early == 1)
  }

  @Test func aWriteThatSyncsByItselfNeedsNoOther() {
    for flags in ["RWF_DSYNC", "RWF_HIPRI|RWF_DSYNC"] {
      var trace = begun()
      trace.write(Trace.stored(batch), at: 64, flags: flags)
      trace.acknowledge(correlation: 1)
      #expect(trace.verdict.isGood, "\(flags)")
    }
    var without = begun()
    without.write(Trace.stored(batch), at: 64, flags: "RWF_HIPRI")
    without.acknowledge(correlation: 1)
    #expect(without.verdict.early == 1)
  }

  @Test func soDoesADescriptorThatSyncs() {
    for (flags, isGood) in [("O_RDWR|O_DIRECT|O_DSYNC", true), ("O_RDWR|O_DIRECT", false)] {
      var trace = Trace()
      let path = Trace.hex(Array("/data/journal/0.journal".utf8))
      trace.add("openat(AT_FDCWD<\(Trace.hex([0x2f]))>, \"\(path)\", \(flags), 0600) = 5<\(path)>", thread: 2)
      trace.produce(batch, correlation: 1)
      trace.write(Trace.stored(batch), at: 64)
      trace.acknowledge(correlation: 1)
      #expect(trace.verdict.isGood == isGood, "\(flags)")
    }
  }

  @Test func allOfABatchMustBeSynced() {
    let stored = Trace.stored(batch)
    for syncsBoth in [true, false] {
      var trace = begun()
      trace.write(Array(stored[..<30]), at: 64)
      trace.sync()
      trace.write(Array(stored[30...]), at: 94)
      if syncsBoth { trace.sync() }
      trace.acknowledge(correlation: 1)
      #expect(trace.verdict.isGood == syncsBoth)
    }
  }

  /// Whole blocks are written: the last one is written again with what comes behind.
  @Test func aBlockThatIsWrittenAgainCounts() {
    let stored = Trace.stored(batch)
    var trace = begun()
    trace.write(Array(stored[..<32]) + [0, 0, 0, 0], at: 64, flags: "RWF_DSYNC")
    trace.write(stored, at: 64, flags: "RWF_DSYNC")
    trace.acknowledge(correlation: 1)
    #expect(trace.verdict.isGood)
  }

  @Test func anotherBatchInTheJournalProvesNothing() {
    var trace = begun()
    trace.write(Trace.stored(other), at: 64)
    trace.sync()
    trace.acknowledge(correlation: 1)
    #expect(trace.verdict.early == 1)
  }

  @Test func theFirstByteOfAReplyCounts() {
    let reply = Trace.acknowledgement(correlation: 1)
    var trace = begun()
    trace.write(Trace.stored(batch), at: 64)
    trace.send(reply, taken: 3)
    trace.sync()
    trace.send(Array(reply[3...]))
    #expect(trace.verdict.early == 1)
  }

  @Test func aRefusalAcknowledgesNothing() {
    var trace = begun()
    trace.acknowledge(correlation: 1, errorCode: 7)
    #expect((trace.verdict.acknowledged, trace.verdict.early) == (0, 0))
    #expect(!trace.verdict.isGood)
  }

  @Test func whatIsShownToReadersMustBeSynced() {
    for isSynced in [true, false] {
      var trace = begun()
      trace.write(Trace.stored(batch), at: 64)
      if isSynced { trace.sync() }
      trace.fetch(Trace.stored(batch), correlation: 2)
      #expect((trace.verdict.shown, trace.verdict.early) == (1, isSynced ? 0 : 1))
    }
  }

  @Test func whatIsSentFromAFileIsJudgedToo() {
    for isSynced in [true, false] {
      var trace = begun()
      trace.write(Trace.stored(batch), at: 64)
      if isSynced { trace.sync() }
      trace.fetchFromFile(Trace.stored(batch), written: Trace.stored(batch), correlation: 2)
      #expect((trace.verdict.shown, trace.verdict.early) == (1, isSynced ? 0 : 1))
      #expect(trace.verdict.obstacles.isEmpty)
    }
    var hidden = begun()
    hidden.fetchFromFile(Trace.stored(batch), written: [], correlation: 2)
    #expect(!hidden.verdict.obstacles.isEmpty)
  }

  @Test func aProduceThatCannotBeReadIsAnObstacle() {
    var trace = begun()
    trace.produceInPart(correlation: 2)
    #expect(!trace.verdict.obstacles.isEmpty)
  }

  @Test func repliesFindTheirRequests() {
    var trace = begun()
    trace.produce(other, correlation: 2)
    trace.write(Trace.stored(batch), at: 64)
    trace.sync()
    trace.acknowledge(correlation: 1)
    #expect(trace.verdict.isGood)
    trace.acknowledge(correlation: 2)
    #expect((trace.verdict.acknowledged, trace.verdict.early) == (2, 1))
  }

  @Test func whatCannotBeSeenIsNotJudged() {
    var ring = begun()
    ring.add("io_uring_setup(8, {flags=0}) = 9")
    #expect(!ring.verdict.obstacles.isEmpty && !ring.verdict.isGood)
    var cut = Trace()
    cut.add("read(7<TCP:[127.0.0.1:9092->127.0.0.1:40000]>, \"\\x00\\x01\"..., 65536) = 500")
    #expect(!cut.verdict.obstacles.isEmpty)
  }

  @Test func aWriteMayBeShownInTwoHalves() {
    var trace = begun()
    let file = "5<\(Trace.hex(Array("/data/journal/0.journal".utf8)))>"
    let stored = Trace.stored(batch)
    trace.add("pwrite64(\(file), \"\(Trace.hex(stored))\", \(stored.count), 64 <unfinished ...>", thread: 2)
    trace.add("<... pwrite64 resumed>) = \(stored.count)", thread: 2)
    trace.sync()
    trace.acknowledge(correlation: 1)
    #expect(trace.verdict.isGood)
  }

  @Test func linesThatAreNoCallsAreLeftOut() {
    var trace = begun()
    trace.add("+++ exited with 0 +++")
    trace.add("--- SIGTERM {si_signo=SIGTERM} ---")
    trace.add("<... futex resumed>) = 0")
    trace.add("read(7<TCP:[127.0.0.1:9092->127.0.0.1:40000]>,  <unfinished ...>")
    trace.add("<... read resumed>\"\", 65536) = 0")
    #expect(trace.verdict == begun().verdict)
  }
}
