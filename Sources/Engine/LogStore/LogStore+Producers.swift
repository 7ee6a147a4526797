import Machine
import RecordFormat
import Units

/// How many idempotent producers are remembered, and for how long.
package struct ProducerLimits: Sendable {
  /// Entries of all partitions together: about 400 bytes each with their five batches.
  package var entries = 200_000
  /// Entries seen within this time are never given up for others: twice what clients retry for, and some.
  package var protectedMs: Int64 = 15 * 60_000
  /// `producer.id.expiration.ms`.
  package var expirationMs: Int64 = 86_400_000

  package init() {}
}

extension LogStore {
  /// Entries of all partitions, as of now.
  package var producerEntries: Int { state.partitions.values.reduce(0) { $0 + $1.producers.producers.count } }

  /// Forgets producers that have not been seen for so long that they count as unknown already. A decision in the journal:
  /// replay forgets the same ones at the same place. Made with each checkpoint, which gets smaller by it.
  func expireProducers() {
    let limit = Timestamp(milliseconds: trustedNow().steady.milliseconds.subtracted(producerLimits.expirationMs))
    if state.partitions.values.contains(where: { $0.producers.hasAny(notSeenSince: limit) }) {
      change([.producersExpired(notSeenSince: limit)])
    }
    producerCount = producerEntries
  }

  /// Whether one producer more can be remembered. At the limit, those seen longest ago go, a quarter of all, as far as
  /// they are not protected; when all are, the newcomer must wait.
  func makeRoomForProducer(now: Timestamp) -> Bool {
    guard producerCount >= producerLimits.entries else { return true }
    guard noRoomUntil <= clock.now() else { return false }
    producerCount = producerEntries
    guard producerCount >= producerLimits.entries else { return true }
    var seen = state.partitions.values.flatMap { partition in
      partition.producers.producers.values.lazy.filter { $0.transactionStart == nil }.map(\.lastSeen.milliseconds)
    }
    seen.sort()
    let newestToGo = seen.isEmpty ? Int64.min : seen[min(seen.count / 4, seen.count - 1)]
    let limit = min(newestToGo, now.milliseconds.subtracted(producerLimits.protectedMs))
    if let oldest = seen.first, oldest < limit {
      change([.producersExpired(notSeenSince: Timestamp(milliseconds: limit))])
    }
    producerCount = producerEntries
    if producerCount < producerLimits.entries { return true }
    noRoomUntil = clock.now().advanced(byMs: Self.producerRetryMs)
    return false
  }

  /// How long the search for room is not repeated after it found none.
  private static let producerRetryMs: Int64 = 1_000
}
