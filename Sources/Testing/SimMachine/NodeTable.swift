/// Values by node, found without hashing. Node numbers are never used twice, so a slot is as good as a key.
struct NodeTable<Value: Sendable>: Sendable {
  private var slots: [Value?] = []

  subscript(node: NodeID) -> Value? {
    get { node.number < slots.count ? slots[node.number] : nil }
    _modify {
      while slots.count <= node.number { slots.append(nil) }
      yield &slots[node.number]
    }
  }

  /// Changes the value of `node` in place, if there is one.
  mutating func change(_ node: NodeID, _ body: (inout Value) -> Void) {
    guard node.number < slots.count, var value = slots[node.number] else { return }
    slots[node.number] = nil  // so that `value` is the only reference, and is not copied
    body(&value)
    slots[node.number] = value
  }

  /// Forgets the values of all nodes whose number `isKept` does not name.
  mutating func filter(_ isKept: (_ number: Int) -> Bool) {
    for number in slots.indices where slots[number] != nil && !isKept(number) { slots[number] = nil }
  }

  /// The sum of what `count` finds in the values.
  func sum(_ count: (borrowing Value) -> Int) -> Int {
    var sum = 0
    for number in slots.indices {
      if let value = slots[number] { sum += count(value) }
    }
    return sum
  }
}
