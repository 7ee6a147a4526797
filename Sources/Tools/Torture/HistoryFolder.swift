package import Judge

/// The histories of a run, and the proof of the judge on them.
package enum HistoryFolder {
  package static func read(_ folder: String) throws -> History {
    var history = History()
    let names = Files.names(in: folder, ending: ".tsv")
    if names.isEmpty { throw TortureFailure("\(folder) holds no history") }
    for name in names { try history.add(try Files.read("\(folder)/\(name)"), file: name) }
    return history
  }

  /// Puts each known defect into the history, which is clean: each must be condemned for what it is. What went wrong.
  package static func prove(_ history: History) -> (proved: Int, misses: [String]) {
    var (proved, misses): (Int, [String]) = (0, [])
    let ledger = Ledger(history)
    for mutation in Mutation.all {
      guard let changed = mutation.applied(to: history, ledger) else {
        misses.append("\(mutation.name): this history has no place for it")
        continue
      }
      let found = Judge.judge(changed).broken
      if found == mutation.rules {
        proved += 1
      } else {
        let (wanted, got) = (mutation.rules.map(\.rawValue).sorted(), found.map(\.rawValue).sorted())
        misses.append("\(mutation.name): condemned for \(got), not for \(wanted)")
      }
    }
    return (proved, misses)
  }
}
