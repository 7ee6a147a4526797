package import Machine

/// 64 random bits of a data folder, made with it and kept in its checkpoints. Every frame header of its journal depends
/// on all of them, and no reply tells any: so bytes that a client sends never pass for a frame, wherever they come to
/// lie in the journal.
///
/// One half stands in each header, the other is where the header's CRC begins. CRC-32C is linear, so any salt that only
/// went through it would be worth 32 bits, and a client can put millions of guesses into one journal.
package struct JournalSalt: Hashable, Sendable {
  package var value: UInt64

  package init(value: UInt64) { self.value = value }

  /// A new folder's salt.
  package init(from entropy: any Entropy) { value = entropy.next() }

  /// Stands in every header.
  var mark: UInt32 {
    #if PLANTED_BUGS
      if PlantedBug.is(.journalSaltIgnored) { return 0 }
    #endif
    return UInt32(truncatingIfNeeded: value)
  }

  /// The CRC of every header goes on from here.
  var checksumStart: UInt32 {
    #if PLANTED_BUGS
      if PlantedBug.is(.journalSaltIgnored) { return 0 }
    #endif
    return UInt32(truncatingIfNeeded: value >> 32)
  }
}
