import CLinux

extension Server {
  /// Sets the C allocator up for a process that is a server and nothing else: two arenas, and buffers of up to 32 MiB kept
  /// for the next request instead of being given back to the system and taken again page by page. (A fetch of 1 MiB costs
  /// less than half the system time with it.)
  public static func tuneProcessMemory() {
    mallopt(M_ARENA_MAX, 2)
    mallopt(M_MMAP_THRESHOLD, 32 << 20)
    mallopt(M_TRIM_THRESHOLD, 64 << 20)
  }
}
