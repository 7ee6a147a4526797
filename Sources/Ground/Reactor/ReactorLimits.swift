/// The named limits of this room, each with its reason. What an operator may want to change is in the settings structs.
package enum ReactorLimits {
  /// Where a loop reads into first: one buffer per loop, so that an idle connection holds none.
  package static let scratchBytes = 65_536
  /// Ready sources taken from the system in one turn.
  package static let eventsPerTurn = 256
  /// Bytes one connection may read in a turn before the others get theirs.
  package static let readBytesPerTurn = 262_144
  /// Frames one connection may deliver in a turn: keeps a turn full of tiny requests in the low milliseconds.
  package static let framesPerTurn = 512
  /// Bytes from memory that one connection may write in a turn.
  package static let writeBytesPerTurn = 1_048_576
  /// Bytes from files that one connection may send in a turn. They are in the page cache: the loop has just asked.
  package static let fileBytesPerTurn = 1_048_576
  /// Bytes of a file that a connection takes into memory at a time where the system cannot send them by itself.
  package static let fileReadBytes = 65_536
  /// Bytes that the system takes for a peer beyond what is on its way to it. Without it a peer that reads nothing holds
  /// megabytes of the memory that all connections of the machine share, and a thousand of them stop its network.
  package static let unsentBytes: Int32 = 131_072
  /// Parts gathered into one write; the system's own limit is 1024.
  package static let partsPerWrite = 256
  /// Work waiting in a loop's mailbox; beyond it `post` refuses.
  package static let mailboxItems = 65_536
  /// Work waiting in a lane's queue unless its owner says otherwise.
  package static let laneItems = 65_536
  /// Connections one listener takes in a turn.
  package static let acceptsPerTurn = 64
  /// Connections that wait in the system for their accept.
  package static let backlog: Int32 = 1024
  /// How long a listener rests when the process has no descriptors left.
  package static let acceptPauseMs: Int64 = 100
  /// How long a frame's body may take before its rate counts.
  package static let bodyGraceMs: Int64 = 5_000
  /// The rate a body must keep after that: its memory is reserved as long as it arrives.
  package static let bodyBytesPerSecond: Int64 = 65_536
  /// Bytes read and thrown away before a polite close, so that the last reply is not lost in a reset.
  package static let drainBytes = 262_144
}
