package import Coordination
package import Units

/// The journal sequence of each mark's last change. A mark whose change is durable is forgotten: nothing has to wait for
/// it any more. So there are never more than there is undurable in the journal, which the store bounds.
package struct CoordinatorMarks {
  private var changes: [CoordinatorMark: JournalSequence] = [:]
  /// In the order of their sequences.
  private var order: [(mark: CoordinatorMark, sequence: JournalSequence)] = []
  /// The first entry of `order` that counts.
  private var head = 0

  package init() {}

  package var count: Int { changes.count }

  package mutating func changed(_ mark: CoordinatorMark, at sequence: JournalSequence) {
    changes[mark] = sequence
    order.append((mark, sequence))
  }

  /// The largest sequence among the last changes of `marks`.
  package func lastChange(of marks: [CoordinatorMark]) -> JournalSequence {
    marks.reduce(.start) { max($0, changes[$1] ?? .start) }
  }

  package mutating func durableAdvanced(to sequence: JournalSequence) {
    while head < order.count, order[head].sequence <= sequence {
      let (mark, changed) = order[head]
      if changes[mark] == changed { changes[mark] = nil }
      head += 1
    }
    if head == order.count || head > 1_000 {
      order.removeFirst(head)
      head = 0
    }
  }
}
