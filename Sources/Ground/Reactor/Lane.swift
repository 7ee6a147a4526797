/// A worker thread with a bounded queue, served in order: disk, checkpointer, readers, codec.
package final class Lane: @unchecked Sendable {
  package let name: String
  /// Work that may wait; what runs is not counted.
  package let bound: Int
  private let lock = Lock()
  private var queue = WorkQueue()
  private var isStopping = false
  private var isBusy = false
  private var thread: NamedThread?

  /// Starts the thread. Fails when the system gives no thread.
  package init(name: String, bound: Int = ReactorLimits.laneItems) throws(SystemError) {
    self.name = name
    self.bound = bound
    thread = try NamedThread(name: name) { [self] in serve() }
  }

  /// Queues `work` from any thread. False: the queue is full or the lane stops, and `work` will not run.
  package func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
    var mustWake = false
    let isTaken = lock.withLock {
      guard !isStopping, queue.count < bound else { return false }
      queue.append(Work(work))
      mustWake = queue.count == 1
      return true
    }
    // Outside of the lock: who is woken inside it runs straight into it, and sleeps again.
    if mustWake { lock.notify() }
    return isTaken
  }

  /// How much work waits now.
  package var waiting: Int { lock.withLock { queue.count } }

  /// Work that waits, and what runs.
  package var load: Int { lock.withLock { queue.count + (isBusy ? 1 : 0) } }

  /// Takes no more work, finishes what is queued, and waits for the thread. Any thread but the lane's own.
  package func stop() {
    lock.withLock {
      isStopping = true
      lock.notify()
    }
    thread?.join()
  }

  private func serve() {
    while let work = next() { work.run() }
  }

  private func next() -> Work? {
    lock.withLock {
      isBusy = false
      while queue.count == 0, !isStopping { lock.wait() }
      let work = queue.takeFirst()
      isBusy = work != nil
      return work
    }
  }
}
