/// The bytes that requests may take together. Asked before a request is read.
struct MemoryPool {
  let limit: Int
  private(set) var used = 0

  init(limit: Int) { self.limit = limit }

  /// A request of any size is let in while the pool is empty; the largest request is limited elsewhere.
  func hasRoom(for bytes: Int) -> Bool { used == 0 || used <= limit - bytes }

  mutating func take(_ bytes: Int) { used += bytes }
  mutating func give(_ bytes: Int) { used -= bytes }
}
