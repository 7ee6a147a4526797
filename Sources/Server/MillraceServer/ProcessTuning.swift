import CLinux
import Glibc

extension Server {
  /// Lets the process have as many descriptors as its hard limit says: the soft one, often 1,024, is for programs that
  /// still use `select`. Before the data folder is opened, which keeps its part of them.
  public static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// Sets the C allocator up for a process that is a server and nothing else: two arenas. Before anything else runs.
  public static func tuneProcessMemory() { mallopt(M_ARENA_MAX, 2) }

  /// And what it keeps for the next request instead of giving it back to the system and taking it again page by page: as
  /// much as `memory.limit` allows. (A fetch of 1 MiB costs less than half the system time with it.)
  public func keepFreedMemory() {
    mallopt(M_MMAP_THRESHOLD, budget.keptBlock)
    mallopt(M_TRIM_THRESHOLD, budget.keptFree)
    // What a start needed for the journal is free between what stays.
    malloc_trim(0)
  }
}
