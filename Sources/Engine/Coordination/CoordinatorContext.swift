package import Units

/// A topic as a coordinator sees it.
package struct TopicFacts: Equatable, Sendable {
  package var id: UniqueID
  package var name: String
  package var partitionCount: Int32

  package init(id: UniqueID, name: String, partitionCount: Int32) {
    self.id = id
    self.name = name
    self.partitionCount = partitionCount
  }

  /// Whether it has a partition of that number.
  func holds(_ partition: Int32) -> Bool { partition >= 0 && partition < partitionCount }
}

/// The topics that exist. The engine's catalogue is one, a table in a test another.
package protocol TopicLookup {
  func topic(named name: String) -> TopicFacts?
  func topic(_ id: UniqueID) -> TopicFacts?
  /// All topics, by name.
  var topicsByName: [TopicFacts] { get }
}

/// Who sent a request.
package struct Caller: Equatable, Sendable {
  package var clientID: String
  /// The peer's address as Kafka prints it, with a slash in front.
  package var host: String
  /// The version of the request's API.
  package var version: Int16

  package init(clientID: String, host: String, version: Int16) {
    self.clientID = clientID
    self.host = host
    self.version = version
  }
}

/// What a machine is told about the world with each call: it asks no clock and draws no numbers itself.
package struct CoordinatorContext {
  /// For every timeout.
  package var now: Instant
  /// For what is written down to ask its age later: commit and expiry times. Never goes back, and never jumps ahead of `now`'s pace.
  package var wall: Timestamp
  /// What the wall clock shows, as far as it is believed: for people to read.
  package var clock: Timestamp
  package var topics: any TopicLookup
  /// A random id, another one at each call.
  package var freshID: () -> UniqueID
  /// A producer id that was never given out, whose reservation stands in the journal before anything the machine decides
  /// in this call; nil when there is none to be had.
  package var freshProducerID: () -> Int64?

  package init(
    now: Instant, wall: Timestamp, clock: Timestamp? = nil, topics: any TopicLookup, freshID: @escaping () -> UniqueID,
    freshProducerID: @escaping () -> Int64? = { nil }
  ) {
    self.now = now
    self.wall = wall
    self.clock = clock ?? wall
    self.topics = topics
    self.freshID = freshID
    self.freshProducerID = freshProducerID
  }

  /// A time that was written down by `wall`, for people to read.
  func shown(_ written: Timestamp) -> Timestamp {
    let (ahead, overflow) = clock.milliseconds.subtractingReportingOverflow(wall.milliseconds)
    return written == .none || overflow ? written : written.advanced(byMs: ahead)
  }
}
