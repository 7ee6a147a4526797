#if PLANTED_BUGS
  /// Defects of the machines themselves, which know nothing of the log; only in builds with the package trait `PlantedBugs`.
  package enum PlantedSwitch {
    /// The end of a transaction leaves its producer the epoch it had.
    package nonisolated(unsafe) static var keepsEpochAtEnd = false
    /// Whoever takes a transactional id over gets the epoch of the one before.
    package nonisolated(unsafe) static var keepsEpochAtBegin = false
  }
#endif
