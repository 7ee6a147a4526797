import Glibc
import Simulation

#if PLANTED_BUGS
  import LogStore
#endif

/// The hunt for bugs that were planted on purpose; only in builds that hold them.
enum Planted {
  /// Hunts the bugs of these names, or all; answers whether each was caught.
  static func run(_ names: [String]) -> Bool {
    #if PLANTED_BUGS
      let bugs = names.isEmpty ? PlantedBug.allCases : names.compactMap { PlantedBug(rawValue: $0) }
      guard names.isEmpty || bugs.count == names.count else {
        print("bugs: \(PlantedBug.allCases.map(\.rawValue).joined(separator: " "))")
        exit(64)
      }
      var escaped = 0
      for bug in bugs {
        let result = PlantedBugHunt.hunt(bug)
        if result.reason == nil { escaped += 1 }
        let name = bug.rawValue + String(repeating: " ", count: max(1, 26 - bug.rawValue.count))
        let verdict = result.reason.map { "caught by \(result.hunter): \($0)" }
        print(name + (verdict ?? "ESCAPED up to \(result.hunter)"))
      }
      print("\(bugs.count - escaped) of \(bugs.count) planted bugs caught")
      return escaped == 0
    #else
      print("this build holds no planted bugs; make one with: swift build -c release --traits PlantedBugs")
      exit(64)
    #endif
  }
}
