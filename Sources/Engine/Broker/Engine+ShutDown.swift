import LogStore

/// A stop in order, under way.
struct ShutDown {
  var hasCheckpoint = false
  let done: () -> Void
}

extension Engine {
  /// Stops in order: what is decided becomes durable, then a last checkpoint with the clean-stop mark. `done` is called on
  /// this thread. Nothing may be asked of the engine meanwhile.
  package func shutDown(_ done: @escaping () -> Void) {
    shutDown = ShutDown(done: done)
    store.flush()
    shutDownFurther()
  }

  func shutDownFurther() {
    guard var stop = shutDown else { return }
    // After a failure nothing becomes durable any more; the next start recovers what is.
    let hasFailed = store.failure != nil
    guard hasFailed || !store.isCheckpointing && store.durable == store.decided else { return }
    if stop.hasCheckpoint || hasFailed {
      shutDown = nil
      return stop.done()
    }
    stop.hasCheckpoint = true
    shutDown = stop
    store.beginCheckpoint(cleanStop: true)
  }
}
