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
    guard var stop = shutDown, !store.isCheckpointing, store.durable == store.decided else { return }
    if stop.hasCheckpoint {
      shutDown = nil
      return stop.done()
    }
    stop.hasCheckpoint = true
    shutDown = stop
    store.beginCheckpoint(cleanStop: true)
  }
}
