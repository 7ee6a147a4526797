import ByteCodec
import Glibc
package import Machine
import Synchronization
package import Units

/// One thread, one epoll instance: sockets, timers and work from other threads, each run to completion.
///
/// A turn: what is ready, then posted work, then due timers, then the hooks of `atEndOfTurn`, then one flush of every
/// connection that has replies. All methods belong to the loop's thread (or to anyone before it runs), except where
/// they say otherwise.
package final class EventLoop: @unchecked Sendable {
  package let name: String
  package let clock: any Clock
  /// The moment this turn began; every deadline of the room is measured by it.
  package private(set) var now: Instant

  let poller: Poller
  /// Where connections read into first; free again when a call to `ready` returns.
  let scratch = ByteBlock(capacity: ReactorLimits.scratchBytes)
  /// The table of parts for one gathering write.
  let parts = UnsafeMutablePointer<iovec>.allocate(capacity: ReactorLimits.partsPerWrite)
  /// Connections with replies to flush at the end of this turn.
  var toFlush: [Connection] = []
  /// Those that are being flushed.
  private var flushing: [Connection] = []
  /// Connections that have more to do in the next turn although their sockets may stay silent.
  var toContinue: [Connection] = []

  private let mailbox: Mailbox
  private var mail: [Work] = []
  private var timers = TimerQueue()
  private var hooks: [() -> Void] = []
  private var watch: ((TurnCost) -> Void)?
  private let isStopping = Atomic<Bool>(false)
  private let threadID = Atomic<UInt>(0)
  private let startLock = Lock()
  private var thread: NamedThread?

  /// Makes the loop; it runs with `run` or `start`. `mailboxBound` is how much posted work may wait.
  package init(
    name: String, clock: any Clock, mailboxBound: Int = ReactorLimits.mailboxItems
  ) throws(SystemError) {
    self.name = name
    self.clock = clock
    now = clock.now()
    poller = try Poller()
    mailbox = try Mailbox(bound: mailboxBound)
    parts.initialize(repeating: iovec(), count: ReactorLimits.partsPerWrite)
    _ = try poller.add(mailbox.descriptor, interest: Poller.readable, Bell(mailbox))
  }

  deinit { parts.deallocate() }

  // MARK: - Life

  /// Runs on a thread of its own, named as the loop.
  package func start() throws(SystemError) {
    let made = try NamedThread(name: name) { [self] in run() }
    startLock.withLock { thread = made }
  }

  /// Runs on the calling thread until `stop`. Then work already posted is done, connections and listeners are closed,
  /// timers and hooks forgotten. A loop runs once.
  package func run() {
    threadID.store(UInt(pthread_self()), ordering: .releasing)
    while !isStopping.load(ordering: .acquiring) { turn() }
    mailbox.close()
    runMail()
    (hooks, watch) = ([], nil)
    poller.stopAll()
    timers.removeAll()
    (toFlush, toContinue) = ([], [])
  }

  /// Asks the loop to end after its turn; from any thread.
  package func stop() {
    isStopping.store(true, ordering: .releasing)
    mailbox.wake()
  }

  /// Waits until a loop begun with `start` has ended; from any thread but its own.
  package func join() { startLock.withLock { thread }?.join() }

  /// Whether the caller is on the loop's thread; true for everyone before the loop runs.
  package var isOnLoopThread: Bool {
    let id = threadID.load(ordering: .acquiring)
    return id == 0 || id == UInt(pthread_self())
  }

  // MARK: - Work

  /// Hands `work` to the loop, from any thread; it runs in one of the next turns, in order per poster. False: the
  /// mailbox is full or the loop has ended, and `work` will not run; the caller must answer for it.
  package func post(_ work: @escaping @Sendable () -> Void) -> Bool { mailbox.post(work) }

  /// Runs `work` at `deadline` or as soon after as the loop gets there (to the millisecond).
  @discardableResult
  package func schedule(at deadline: Instant, _ work: @escaping () -> Void) -> TimerID {
    assert(isOnLoopThread)
    return timers.schedule(at: deadline, work)
  }

  /// Takes a timer back; false when it has fired or was cancelled before.
  @discardableResult
  package func cancel(_ timer: TimerID) -> Bool {
    assert(isOnLoopThread)
    return timers.cancel(timer)
  }

  /// Runs `hook` at the end of every turn from now on, in the order of the calls, before replies are flushed.
  package func atEndOfTurn(_ hook: @escaping () -> Void) {
    assert(isOnLoopThread)
    hooks.append(hook)
  }

  /// Tells `watch` at the end of every turn from now on what it took.
  package func watchTurns(_ watch: @escaping (TurnCost) -> Void) {
    assert(isOnLoopThread)
    self.watch = watch
  }

  // MARK: - A turn

  private func turn() {
    // Taken before the sockets are read: who leaves something over in this turn gets its next share in the next.
    let continuing = toContinue
    var cost: TurnCost?
    poller.wait(timeoutMs: timeout()) {
      now = clock.now()
      if watch != nil { cost = TurnCost(at: now) }
    }
    continueConnections(continuing)
    cost?.ended(.sockets, at: clock.now())
    runMail()
    cost?.ended(.lanes, at: clock.now())
    runTimers()
    cost?.ended(.timers, at: clock.now())
    for hook in hooks { hook() }
    cost?.ended(.hooks, at: clock.now())
    flushConnections()
    cost?.ended(.replies, at: clock.now())
    cost?.ended()
    if let watch, let cost { watch(cost) }
  }

  private func timeout() -> Int32 {
    guard toContinue.isEmpty, toFlush.isEmpty, !isStopping.load(ordering: .acquiring) else { return 0 }
    guard mailbox.fallAsleep() else { return 0 }
    // A stop between the look above and falling asleep found nobody to wake.
    if isStopping.load(ordering: .acquiring) { return 0 }
    guard let deadline = timers.nextDeadline() else { return -1 }
    return Int32(clamping: clock.now().milliseconds(until: deadline))
  }

  private func runMail() {
    mailbox.take(&mail)
    for work in mail { work.run() }
    mail.removeAll(keepingCapacity: mail.capacity <= 1024)
  }

  private func runTimers() {
    // No more than there are now: a timer that schedules itself for this very moment waits for the next turn.
    var left = timers.count
    while left > 0, let work = timers.takeDue(now) {
      work()
      left -= 1
    }
  }

  private func continueConnections(_ list: [Connection]) {
    guard !list.isEmpty else { return }
    toContinue.removeFirst(list.count)
    for connection in list { connection.goOn() }
  }

  private func flushConnections() {
    guard !toFlush.isEmpty else { return }
    swap(&toFlush, &flushing)
    for connection in flushing { connection.flush() }
    flushing.removeAll(keepingCapacity: true)
  }
}

/// The mailbox's descriptor as the poller sees it.
private final class Bell: EventSource {
  private let mailbox: Mailbox

  init(_ mailbox: Mailbox) { self.mailbox = mailbox }

  func ready(_ events: UInt32) { mailbox.silence() }
  func loopStopped() {}
}
