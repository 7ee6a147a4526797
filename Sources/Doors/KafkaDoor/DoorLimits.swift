/// The named limits of this room, each with its reason. What an operator may change is in the settings.
package enum DoorLimits {
  /// Requests of one connection without an answer: clients keep five, tools a few more.
  package static let requestsPerConnection = 64
  /// Bytes of requests that waited for the store and are started in one turn: looking through them takes milliseconds.
  package static let startedBytesPerTurn: UInt64 = 4 * 1_048_576
  /// Batches of one Produce that are seen to on the engine's thread; above it, all of them go to the codec lane.
  package static let batchBytesAtOnce = 2 * 1_048_576
  /// Bytes that come out of compressed batches on the engine's thread, of one Produce, or of the searches by timestamp of
  /// one turn; when more has come, the batches that are left go to the codec lane, and the searches to the next turn. One
  /// batch may expand to a few megabytes by itself.
  package static let expandedBytesAtOnce = 2 * 1_048_576
  /// What one request may take decoded, as a part of the memory for requests: one is decoded at a time, and few bytes may
  /// stand for many objects. So much is given in any case.
  package static let decodedShare = 4
  package static let leastDecoded = 1_048_576
  /// What a Produce may take decoded beside its batches, for each of its bytes, and in any case: a batch is longer than
  /// what describes it, and many of them wait decoded.
  package static let decodedPerProducedByte = 2
  package static let leastDecodedOfProduce = 65_536
  /// Bytes of answers that wait for one client in memory. Above it, nothing more of it is read or executed until it has
  /// taken them all: a client that does not read costs this and one answer.
  package static let queuedBytesPerConnection = 1_048_576
  /// The largest answer to one Fetch, as a part of the memory for answers.
  package static let fetchShare = 4
  /// Bytes of an answer where memory is short, and the part of the memory for answers that such ones may have besides.
  package static let smallAnswer = 65_536
  package static let smallAnswersShare = 4
  /// Searches by timestamp of one ListOffsets that run at the same time: each holds a block of a segment.
  package static let lookupsPerRequest = 16
  /// Searches by timestamp that begin in one turn: those in memory are through at once, and each looks through a block.
  /// When `expandedBytesAtOnce` has come out of compressed batches, the others wait for the next turn as well.
  package static let lookupsPerTurn = 32
  /// Requests that wait for indexes at the same time: a disk that stands still must not gather those of clients that are
  /// long gone. Those above it begin a new segment instead.
  package static let indexWaits = 1_000
  /// Encoded "all topics" answers that are kept: one for each version and address in use.
  package static let sharedAnswers = 16
  /// Lines about closed connections in a second: those that end as they should, and the others.
  package static let ordinaryClosuresPerSecond = 5
  package static let unusualClosuresPerSecond = 20
  /// Lines a second about turns of the engine that took too long.
  package static let slowTurnsPerSecond = 1
  /// Lines a second about anything else that clients can cause.
  package static let noticesPerSecond = 10
}
