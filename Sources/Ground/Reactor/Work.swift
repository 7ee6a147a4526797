/// Work for another thread. A closure inside a structure: queues and generic functions pass it on as it is, where each of
/// them would wrap a bare closure anew.
struct Work: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func run() { body() }
}

/// First in, first out, in one array.
struct WorkQueue {
  private var items: [Work?] = []
  private var head = 0

  var count: Int { items.count - head }

  mutating func append(_ work: Work) { items.append(work) }

  mutating func takeFirst() -> Work? {
    guard head < items.count else { return nil }
    let first = items[head]
    items[head] = nil
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: items.capacity <= 1024)
      head = 0
    } else if head >= 1024, head * 2 >= items.count {
      items.removeFirst(head)
      head = 0
    }
    return first
  }
}
