package import Coordination
package import KafkaWire
import LogStore
package import Units

/// Takes the reply to a call of a coordinator, and the journal sequence that must be durable before it leaves. Called once,
/// at once or later, on the engine's thread; not at all when the caller has gone.
package typealias CoordinatorReply = (any WireMessage, JournalSequence) -> Void

/// What has become of a call.
package enum CoordinatorCallOutcome: Equatable {
  /// The reply was given.
  case answered
  /// It will be: `callerGone` takes this when nobody wants it any more.
  case waits(Waiter)
  /// Nothing was decided: there is no room, or the records that decide are not all readable. The caller answers that the
  /// coordinator is not available, which clients take as "try again".
  case refused
}

/// The coordinators' machines, and what stands between them and the world.
struct CoordinatorState {
  struct Waiting {
    var seesTopics: Bool
    var reply: CoordinatorReply
  }

  var groups = GroupCoordinator()
  var transactions = TransactionCoordinator()
  var timers = CoordinatorTimers()
  var marks = CoordinatorMarks()
  var waiting: [Waiter: Waiting] = [:]
  var nextWaiter: UInt64 = 1
  /// Timers wait until then, because there was no room for what they might decide.
  var heldUntil = Instant(nanoseconds: .min)
  /// The latest time a machine was told, without jumps of the wall clock: the next is not earlier.
  var wall = Timestamp.none
  /// Partitions of internal topics with a stretch that cannot be read: their groups and transactional ids are not served.
  var unreadable: Set<PartitionKey> = []
  var loading = CoordinatorLoading()
  /// Patterns to match with the topics there are.
  var patterns = PatternQueue()
  /// The catalogue's last change that groups were told of.
  var topicsSeen = JournalSequence.start

  /// Timers that found no room are tried again after so long. Members whose requests were refused meanwhile have this
  /// time to come back: several heartbeats.
  static let holdMs: Int64 = 15_000
}

/// What loading the coordinators at the start came to, for the log.
package struct CoordinatorLoading: Sendable, Equatable {
  /// Records of the checkpoint's snapshot.
  package var snapshotRecords = 0
  /// Records read from the internal topics.
  package var logRecords = 0
  /// Why the internal topics were read from their beginning; nil where the snapshot spared that.
  package var fullReplayReason: String?
  /// Partitions that could not be read to their end, and why.
  package var unreadable: [String] = []

  /// For a person.
  package var lines: [String] {
    var lines: [String] = []
    if let reason = fullReplayReason, logRecords > 0 {
      lines.append("groups and transactions: read from the beginning of their topics, because \(reason)")
    }
    if snapshotRecords + logRecords > 0 {
      lines.append(
        "groups and transactions: \(snapshotRecords) records from the checkpoint, \(logRecords) from the log")
    }
    return lines
      + unreadable.map {
        "\($0); groups and transactional ids whose records lie there are refused: run 'millrace verify' on the folder, restore a backup"
      }
  }
}
