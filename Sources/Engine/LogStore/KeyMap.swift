package import ByteCodec
package import Units

/// The last offset of each key of a stretch of a partition: 24 bytes a key, whatever the key's length, in a table of open
/// addressing that is made once and never grows by itself.
package struct KeyMap {
  private struct Entry {
    var hash: KeyHash.Value
    /// Negative where the slot is free.
    var offset: Int64

    static let free = Entry(hash: KeyHash.Value(low: 0, high: 0), offset: -1)
  }

  /// Bytes of memory for each slot.
  package static let slotBytes = 24
  /// The least slots, so that a tiny limit still compacts.
  static let minimumSlots = 1_024
  /// Filled beyond this share of its slots, a table of open addressing is searched for long.
  static let loadFactor = 0.9

  private let hash: KeyHash
  private var slots: [Entry]
  private var limit: Int
  /// Keys held.
  package private(set) var count = 0

  /// Room for up to `keys` keys, as far as `bytes` of memory allow.
  package init(hash: KeyHash, keys: Int64, memory bytes: Int64) {
    self.hash = hash
    let allowed = max(bytes / Int64(Self.slotBytes), Int64(Self.minimumSlots))
    let wished = max(min(keys, allowed), 0) * 10 / 9 + 16
    let slots = Int(min(max(wished, Int64(Self.minimumSlots)), allowed))
    self.slots = Array(repeating: .free, count: slots)
    limit = Int(Double(slots) * Self.loadFactor)
  }

  /// Keys that still fit.
  package var room: Int { limit - count }

  /// Notes that `key` stands at `offset`. False, and nothing noted, when the key is new and there is no room.
  package mutating func insert(_ key: ByteSlice, at offset: Offset) -> Bool {
    insert(hash.hash(key), at: offset)
  }

  private mutating func insert(_ value: KeyHash.Value, at offset: Offset) -> Bool {
    let slot = find(value)
    if slots[slot].offset < 0 {
      guard count < limit else { return false }
      count += 1
    }
    slots[slot] = Entry(hash: value, offset: max(slots[slot].offset, offset.value))
    return true
  }

  /// The last offset noted for `key`.
  package func offset(of key: ByteSlice) -> Offset? {
    let found = slots[find(hash.hash(key))].offset
    return found < 0 ? nil : Offset(found)
  }

  /// Makes room for `keys` keys more.
  package mutating func grow(by keys: Int) {
    let old = slots
    let size = (count + max(keys, 0)) * 10 / 9 + 16
    slots = Array(repeating: .free, count: size)
    limit = Int(Double(size) * Self.loadFactor)
    count = 0
    for entry in old where entry.offset >= 0 { _ = insert(entry.hash, at: Offset(entry.offset)) }
  }

  private func find(_ value: KeyHash.Value) -> Int {
    var slot = Int(value.low % UInt64(slots.count))
    while slots[slot].offset >= 0, slots[slot].hash != value {
      slot += 1
      if slot == slots.count { slot = 0 }
    }
    return slot
  }
}
