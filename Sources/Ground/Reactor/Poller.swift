import CLinux
import Glibc

/// Something with a descriptor that a loop watches. Called on the loop thread only.
protocol EventSource: AnyObject {
  /// The system reports `events`, a mask of EPOLL bits.
  func ready(_ events: UInt32)
  /// The loop ends: let go of everything.
  func loopStopped()
}

/// Names a registration. The generation tells a new source from an old one that had the same place.
struct SourceID: Equatable {
  let slot: UInt32
  let generation: UInt32

  var token: UInt64 { UInt64(slot) << 32 | UInt64(generation) }
}

/// One epoll instance (level-triggered) and the sources registered with it.
final class Poller {
  static let readable = EPOLLIN.rawValue
  static let writable = EPOLLOUT.rawValue
  static let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue

  private struct Slot {
    var generation: UInt32 = 0
    var source: (any EventSource)?
  }

  private let epoll: Descriptor
  private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: ReactorLimits.eventsPerTurn)
  private var slots: [Slot] = []
  private var freeSlots: [UInt32] = []

  init() throws(SystemError) {
    epoll = try Descriptor(of: "epoll_create1", epoll_create1(Int32(EPOLL_CLOEXEC)))
    events.initialize(repeating: epoll_event(), count: ReactorLimits.eventsPerTurn)
  }

  deinit { events.deallocate() }

  /// Watches `descriptor` for `interest`; keeps `source` alive until `remove`.
  func add(_ descriptor: Int32, interest: UInt32, _ source: any EventSource) throws(SystemError) -> SourceID {
    let slot: UInt32
    if let free = freeSlots.popLast() {
      slot = free
    } else {
      slot = UInt32(slots.count)
      slots.append(Slot())
    }
    let id = SourceID(slot: slot, generation: slots[Int(slot)].generation)
    guard control(EPOLL_CTL_ADD, descriptor, interest, id) else {
      let code = errno
      freeSlots.append(slot)
      throw SystemError(call: "epoll_ctl", code: code)
    }
    slots[Int(slot)].source = source
    return id
  }

  /// Changes what is watched. Errors and hang-ups are always reported.
  func modify(_ descriptor: Int32, interest: UInt32, _ id: SourceID) {
    _ = control(EPOLL_CTL_MOD, descriptor, interest, id)
  }

  /// Ends a registration, before its descriptor is closed. Events of this turn that name it go nowhere.
  func remove(_ descriptor: Int32, _ id: SourceID) {
    guard Int(id.slot) < slots.count, slots[Int(id.slot)].generation == id.generation else { return }
    _ = control(EPOLL_CTL_DEL, descriptor, 0, id)
    slots[Int(id.slot)].source = nil
    slots[Int(id.slot)].generation &+= 1
    freeSlots.append(id.slot)
  }

  /// Waits at most `timeoutMs` (-1: without end) and hands each ready source its events.
  func wait(timeoutMs: Int32, afterwards: () -> Void) {
    let count = epoll_wait(epoll.number, events, Int32(ReactorLimits.eventsPerTurn), timeoutMs)
    afterwards()
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let token = events[index].data.u64
      let slot = Int(token >> 32)
      guard slot < slots.count, slots[slot].generation == UInt32(truncatingIfNeeded: token) else { continue }
      slots[slot].source?.ready(events[index].events)
    }
  }

  /// Tells every source that the loop ends, then forgets them.
  func stopAll() {
    for slot in slots.indices { slots[slot].source?.loopStopped() }
    slots = []
    freeSlots = []
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ interest: UInt32, _ id: SourceID) -> Bool {
    var event = epoll_event(events: interest, data: epoll_data_t(u64: id.token))
    return epoll_ctl(epoll.number, operation, descriptor, &event) == 0
  }
}
