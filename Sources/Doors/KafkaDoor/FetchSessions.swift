import Broker
package import KafkaWire
package import Units

/// The fetch sessions of all clients (KIP-227): which partitions a client reads, so that its requests name only what
/// changed and answers hold only what is new. Pure: time and randomness come in as arguments.
///
/// A fetch makes two calls: `requested` gives the visit, `answered` says what goes into the answer. Sessions belong to
/// nobody's connection. Losing one is harmless: the client starts anew when it is told 70 or 71.
package struct FetchSessions {
  /// How long a session rests before a new one may take its slot.
  package static let evictableAfterMs: Int64 = 120_000
  /// Partitions of all sessions together; about 200 bytes each. Beyond it, new sessions are not made.
  package static let maximumPartitions = 200_000

  /// A partition as a request names it: by topic id from version 13 on, by name before.
  package struct Key: Hashable, Sendable {
    package var topicID: UniqueID
    package var topic: String
    package var index: Int32

    package init(topicID: UniqueID = .zero, topic: String = "", index: Int32) {
      self.topicID = topicID
      self.topic = topic
      self.index = index
    }

    /// Whether a topic can have that name. Any other is answered once, and not kept: a request may hold very long ones.
    var canExist: Bool { topic.utf8.count <= TopicName.maximumLength }
  }

  /// What a client wants of one partition.
  package struct Wish: Equatable, Sendable {
    package var offset: Int64
    package var maxBytes: Int32
    package var leaderEpoch: Int32
    package var lastFetchedEpoch: Int32

    package init(offset: Int64, maxBytes: Int32 = 1_048_576, leaderEpoch: Int32 = -1, lastFetchedEpoch: Int32 = -1) {
      self.offset = offset
      self.maxBytes = maxBytes
      self.leaderEpoch = leaderEpoch
      self.lastFetchedEpoch = lastFetchedEpoch
    }
  }

  /// One partition of a session or of a single request.
  package struct Partition: Equatable, Sendable {
    package var key: Key
    package var wish: Wish
    /// The topic's name, once its id has led to one; told from the name's later bearer by it.
    package var knownName: String?
    /// What the client was told last; -1 before, and after an error, so that its end is told too.
    package var highWatermark: Int64 = -1
    package var logStart: Int64 = -1

    package init(_ key: Key, _ wish: Wish) {
      self.key = key
      self.wish = wish
    }
  }

  /// How a request is to be answered.
  package enum Kind: Equatable, Sendable {
    /// All partitions, without a session.
    case sessionless
    /// All partitions, with a session if there is room for one.
    case full
    /// What is new since the last answer of this session, which is now at `epoch`.
    case incremental(id: Int32, epoch: Int32)
  }

  /// The partitions to read, in order.
  package struct Visit: Equatable, Sendable {
    package var kind: Kind
    package var partitions: [Partition]
    package var usesIDs: Bool
  }

  /// What one partition of a visit gave.
  package struct Shown: Equatable, Sendable {
    package var hasRecords: Bool
    /// An error or a diverging epoch: told every time.
    package var hasNews: Bool
    package var highWatermark: Int64
    package var logStart: Int64

    package init(hasRecords: Bool = false, hasNews: Bool = false, highWatermark: Int64, logStart: Int64) {
      self.hasRecords = hasRecords
      self.hasNews = hasNews
      self.highWatermark = highWatermark
      self.logStart = logStart
    }
  }

  /// What the answer says.
  package enum Reply: Equatable, Sendable {
    case all(sessionID: Int32)
    /// The partitions at these places of the visit.
    case some(sessionID: Int32, [Int])
    case refused(ErrorCode)
  }

  fileprivate struct Session {
    /// The epoch that the next request must bring.
    var epoch: Int32
    let usesIDs: Bool
    let created: Instant
    var lastUsed: Instant
    var partitions: [Partition]
    var places: [Key: Int]
  }

  private let slots: Int
  private var sessions: [Int32: Session] = [:]
  /// Partitions of all sessions.
  package private(set) var partitionCount = 0

  /// Room for `slots` sessions (`max.incremental.fetch.session.cache.slots`); 0 turns sessions off.
  package init(slots: Int) { self.slots = max(slots, 0) }

  /// Sessions there are.
  package var count: Int { sessions.count }

  // MARK: - Requests

  /// A request of session `id` at `epoch`: (0, -1) without a session, (x, 0) full, ending x, (x, -1) the end of x, else
  /// incremental. Fails with the error that stands at the top of the answer.
  package mutating func requested(
    id: Int32, epoch: Int32, partitions: [Partition], forgotten: [Key], usesIDs: Bool, now: Instant
  ) -> Result<Visit, SessionError> {
    if epoch == -1 || epoch == 0 {
      if id != 0 { end(id) }
      return .success(Visit(kind: epoch == 0 ? .full : .sessionless, partitions: partitions, usesIDs: usesIDs))
    }
    guard var session = sessions.removeValue(forKey: id) else { return .failure(.unknownSession) }
    defer { if !session.partitions.isEmpty { sessions[id] = session } }
    guard session.epoch == epoch else { return .failure(.wrongEpoch) }
    guard session.usesIDs == usesIDs else { return .failure(.wrongTopicNaming) }
    partitionCount -= session.partitions.count
    session.update(partitions, forgotten: forgotten, room: Self.maximumPartitions - partitionCount)
    partitionCount += session.partitions.count
    session.epoch = Self.epoch(after: epoch)
    session.lastUsed = now
    let strangers = partitions.filter { !$0.key.canExist }
    guard !session.partitions.isEmpty else {
      return .success(Visit(kind: .sessionless, partitions: strangers, usesIDs: usesIDs))
    }
    return .success(
      Visit(
        kind: .incremental(id: id, epoch: session.epoch), partitions: session.partitions + strangers, usesIDs: usesIDs))
  }

  /// What was read for `visit`: `shown` belongs to its partitions one by one. `random` chooses the id of a new session.
  package mutating func answered(_ visit: Visit, _ shown: [Shown], now: Instant, random: UInt64) -> Reply {
    switch visit.kind {
    case .sessionless: return .all(sessionID: 0)
    case .full: return .all(sessionID: begin(visit, shown, now: now, random: random))
    case .incremental(let id, let epoch):
      guard var session = sessions.removeValue(forKey: id) else { return .refused(.fetchSessionIdNotFound) }
      defer { sessions[id] = session }
      // Another request of the same session came in between.
      guard session.epoch == epoch else { return .refused(.invalidFetchSessionEpoch) }
      let news = session.take(visit, shown)
      return .some(sessionID: id, news)
    }
  }

  /// The epoch after `epoch`; 0 and below have meanings of their own.
  package static func epoch(after epoch: Int32) -> Int32 { epoch == Int32.max ? 1 : epoch + 1 }

  // MARK: - Slots

  private mutating func begin(_ visit: Visit, _ shown: [Shown], now: Instant, random: UInt64) -> Int32 {
    let size = visit.partitions.count { $0.key.canExist }
    guard size > 0, makeRoom(for: size, now: now) else { return 0 }
    var session = Session(
      epoch: 1, usesIDs: visit.usesIDs, created: now, lastUsed: now, partitions: [], places: [:])
    // A partition that the request names twice is kept once, as it was named last.
    session.update(visit.partitions, forgotten: [], room: Int.max)
    for (partition, shown) in zip(visit.partitions, shown) {
      guard let place = session.places[partition.key] else { continue }
      session.partitions[place].knownName = partition.knownName
      session.partitions[place].remember(shown)
    }
    var id = Int32(truncatingIfNeeded: random & 0x7FFF_FFFF)
    while id <= 0 || sessions[id] != nil { id = id == Int32.max ? 1 : max(id, 0) + 1 }
    partitionCount += session.partitions.count
    sessions[id] = session
    return id
  }

  /// Whether there is a slot: a free one, that of the session longest unused, or that of a smaller one that has lived.
  private mutating func makeRoom(for size: Int, now: Instant) -> Bool {
    guard slots > 0, size <= Self.maximumPartitions - partitionCount else { return false }
    guard sessions.count >= slots else { return true }
    guard let oldest = sessions.min(by: { $0.value.lastUsed < $1.value.lastUsed }) else { return false }
    if oldest.value.lastUsed.advanced(byMs: Self.evictableAfterMs) < now {
      end(oldest.key)
      return true
    }
    let mature = sessions.filter { $0.value.created.advanced(byMs: Self.evictableAfterMs) < now }
    guard let least = mature.min(by: { ($0.value.partitions.count, $0.key) < ($1.value.partitions.count, $1.key) }),
      least.value.partitions.count < size
    else { return false }
    end(least.key)
    return true
  }

  private mutating func end(_ id: Int32) {
    guard let session = sessions.removeValue(forKey: id) else { return }
    partitionCount -= session.partitions.count
  }
}

/// Why a request's session cannot serve it. The client starts a new one.
package enum SessionError: Error, Equatable {
  case unknownSession
  case wrongEpoch
  /// It names topics by id and the session by name, or the other way round.
  case wrongTopicNaming

  package var code: ErrorCode {
    switch self {
    case .unknownSession: .fetchSessionIdNotFound
    case .wrongEpoch: .invalidFetchSessionEpoch
    case .wrongTopicNaming: .fetchSessionTopicIdError
    }
  }
}

extension FetchSessions.Session {
  /// Takes in what a request adds or changes, then what it forgets. Of new partitions only `room` in all are kept.
  fileprivate mutating func update(
    _ named: [FetchSessions.Partition], forgotten: [FetchSessions.Key], room: Int
  ) {
    for partition in named where partition.key.canExist {
      if let place = places[partition.key] {
        partitions[place].wish = partition.wish
      } else if partitions.count < room {
        places[partition.key] = partitions.count
        partitions.append(partition)
      }
    }
    guard !forgotten.isEmpty else { return }
    let gone = Set(forgotten)
    partitions.removeAll { gone.contains($0.key) }
    indexPlaces()
  }

  /// Remembers what the client is about to learn and which places that are; those served go to the end, so that the
  /// next answer begins with the others.
  fileprivate mutating func take(_ visit: FetchSessions.Visit, _ shown: [FetchSessions.Shown]) -> [Int] {
    var news: [Int] = []
    var served: [FetchSessions.Partition] = []
    var others: [FetchSessions.Partition] = []
    let anyServed = shown.contains { $0.hasRecords }
    for (place, shown) in zip(visit.partitions.indices, shown) {
      var partition = visit.partitions[place]
      if partition.differs(from: shown) { news.append(place) }
      guard partition.key.canExist else { continue }
      partition.remember(shown)
      if anyServed {
        if shown.hasRecords { served.append(partition) } else { others.append(partition) }
      } else {
        partitions[place] = partition
      }
    }
    if anyServed {
      partitions = others + served
      indexPlaces()
    }
    return news
  }

  private mutating func indexPlaces() {
    places.removeAll(keepingCapacity: true)
    for (place, partition) in partitions.enumerated() { places[partition.key] = place }
  }
}

extension FetchSessions.Partition {
  /// Whether an incremental answer must name this partition.
  fileprivate func differs(from shown: FetchSessions.Shown) -> Bool {
    shown.hasRecords || shown.hasNews || shown.highWatermark != highWatermark || shown.logStart != logStart
  }

  fileprivate mutating func remember(_ shown: FetchSessions.Shown) {
    highWatermark = shown.hasNews ? -1 : shown.highWatermark
    logStart = shown.logStart
  }
}
