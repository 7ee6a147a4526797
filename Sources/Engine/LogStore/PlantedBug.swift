#if PLANTED_BUGS
  import Glibc

  /// Defects that can be switched on in builds with the package trait `PlantedBugs`, to prove that the tests find them.
  /// Each stands at the line it spoils. Other builds hold none of this.
  package enum PlantedBug: String, CaseIterable, Sendable {
    case ackBeforeSync
    case journalNameNotSynced
    case segmentsNotSynced
    case segmentsNotAwaited
    case segmentFoldersNotSynced
    case checkpointNameNotSynced
    case checkpointNotSynced
    case checkpointBeforeDurable
    case checkpointForgetsDying
    case lastFrameForgotten
    case segmentTailTrusted
    case unitWithoutEndKept
    case staleJournalAccepted
    case payloadNotChecked
    case journalSaltIgnored
    case producersForgotten
    case logStartForgotten
    case doomedRemovedEarly
    case journalRecycledEarly
    case batchesSwapped
    case blockNotChecked
    case digestNotChecked
    case evidenceIgnored
    case decidedShown
    case epochNotRaised
    case failedSyncRepeated
    case openTransactionShown
    case abortedForgotten
    case togetherInParts
    case leftFileNotSynced
    case recoveryNotSynced
    case offsetReusedWhenEmpty
    case staleEpochAccepted
    case abortNotNoted
    case jumpBelieved
    case startBelieved
    case liveKeyDropped
    case tombstoneDroppedEarly
    case compactionNotSynced
    case markerLost
    case markerEpochNotRaised
    case markerIgnoredAtStart
    case stagedCountsAtOnce
    case stagedForgotten
    case unknownDecided
    case snapshotReachesTooFar
    case commitAnsweredEarly
    case endAnsweredEarly
    case epochKeptAtEnd
    case epochKeptAtBegin

    /// The one that is switched on. Set before the first store is opened, or by MILLRACE_PLANTED_BUG for a whole process.
    package nonisolated(unsafe) static var current = getenv("MILLRACE_PLANTED_BUG").flatMap {
      PlantedBug(rawValue: String(cString: $0))
    }

    package static func `is`(_ bug: PlantedBug) -> Bool { current == bug }
  }
#endif
