import LogStore
import Units

/// A stop in order, under way.
struct ShutDown {
  /// What had been decided when the last checkpoint began.
  var covered: JournalSequence?
  /// Whom to tell; nil once told. What a lane brings then is not looked at: the last checkpoint must stay the last thing
  /// written.
  var done: (() -> Void)?
}

extension Engine {
  /// Stops in order: what is decided becomes durable, then a last checkpoint with the clean-stop mark. `done` is called on
  /// this thread. Nothing may be asked of the engine meanwhile, and nothing falls due; what is decided all the same, the
  /// swap of a compaction that ends, gets a checkpoint of its own: a frame behind the last one would read like a crash.
  package func shutDown(_ done: @escaping () -> Void) {
    shutDown = ShutDown(done: done)
    store.flush()
    shutDownFurther()
  }

  func shutDownFurther() {
    guard var stop = shutDown, let done = stop.done else { return }
    // After a failure nothing becomes durable any more; the next start recovers what is.
    let hasFailed = store.failure != nil
    guard hasFailed || !store.isCheckpointing && store.durable == store.decided else { return }
    if stop.covered == store.decided || hasFailed {
      shutDown?.done = nil
      return done()
    }
    stop.covered = store.decided
    shutDown = stop
    store.beginCheckpoint(cleanStop: true)
  }
}
