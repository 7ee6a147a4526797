package import Units

/// How the journal's growth slows producers before it makes them wait.
enum JournalPressure {
  /// From this share of the journal's cap on, producers are read more slowly.
  static let slowingShare = 0.75
  /// A producer's pause just below the cap, in milliseconds; less, in proportion, where less of the cap is taken. Short
  /// enough that no client takes a slow answer for a dead server.
  static let longestPauseMs: Int64 = 1_000
  /// Requests below this size pause their producer for less, in proportion: who sends a record now and then does not fill
  /// the journal.
  static let fullPauseBytes: Int64 = 262_144

  /// The pause after a request, with `used` bytes of a journal that may hold `cap`.
  static func pauseMs(used: ByteCount, cap: ByteCount) -> Int64 {
    let begin = Double(cap.value) * slowingShare
    let share = (Double(used.value) - begin) / max(Double(cap.value) - begin, 1)
    guard share >= 0 else { return 0 }
    return max(1, Int64(min(share, 1) * Double(longestPauseMs)))
  }
}

extension LogStore {
  /// Journal that no checkpoint covers, and what will be added to it.
  package var journalInUse: ByteCount { checkpoints.journalBytes + commits.waitingBytes }

  /// How long a producer should be left unread after a request, in milliseconds: nothing in ordinary times, more the
  /// nearer the journal is to its cap. At the cap, `admits` says no.
  package var producerPauseMs: Int64 {
    guard failure == nil, !isFull else { return 0 }
    return JournalPressure.pauseMs(used: journalInUse, cap: options.journalCap)
  }

  /// The same after a request of `bytes`.
  package func producerPauseMs(after bytes: Int) -> Int64 {
    let pause = producerPauseMs
    guard pause > 0 else { return 0 }
    return max(1, pause * min(Int64(bytes), JournalPressure.fullPauseBytes) / JournalPressure.fullPauseBytes)
  }
}
