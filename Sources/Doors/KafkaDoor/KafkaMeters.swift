import Broker
package import KafkaWire
import Machine
package import Metrics
import Reactor
import Units

/// When a request came, and what it was: kept with its place in the order of replies.
package struct RequestStamp: Sendable {
  var api: APIKey
  var arrived: Instant
}

/// What the door has served since the start, for the metrics. Belongs to the engine's thread.
package struct KafkaMeters {
  package struct API: Sendable {
    package let key: APIKey
    /// Requests whose handling began.
    package var requests: UInt64 = 0
    /// Requests whose answer holds an error, or whose connection was closed for them.
    package var failures: UInt64 = 0
    /// Error codes in answers, by code. Answers hold only codes of the table, so there are never many.
    package var errors: [ErrorCode: UInt64] = [:]
    /// Nanoseconds from a whole request to its reply on the way out, syncs and long polls included.
    package var latency = Histogram.latency
  }

  /// A turn of the engine that takes more of its thread's time holds up others.
  package static let slowTurnNanoseconds: Int64 = 5_000_000

  /// Nanoseconds of processor time that turns of the engine took.
  package private(set) var turns = Histogram.latency
  /// Turns that took too long.
  package private(set) var slowTurns: UInt64 = 0
  private var places = [Int](repeating: -1, count: 128)
  /// APIs that were asked for, in the order in which they were first.
  package private(set) var apis: [API] = []
  /// How often a producer was left unread for a while because the journal was nearly full.
  package private(set) var pauses: UInt64 = 0

  mutating func began(_ api: APIKey, at now: Instant) -> RequestStamp {
    apis[place(api)].requests &+= 1
    return RequestStamp(api: api, arrived: now)
  }

  /// A turn of the engine has ended; answers whether it took too long.
  mutating func turnEnded(nanoseconds: Int64) -> Bool {
    turns.observe(nanoseconds: nanoseconds)
    guard nanoseconds > Self.slowTurnNanoseconds else { return false }
    slowTurns &+= 1
    return true
  }

  /// A request's connection is closed for it.
  mutating func failed(_ api: APIKey) { apis[place(api)].failures &+= 1 }

  /// An answer is made: counts every error code in it.
  mutating func answered(_ api: APIKey, _ message: some WireMessage) {
    var codes: [Int16] = []
    message.errorCodes { if $0 != 0 { codes.append($0) } }
    guard !codes.isEmpty else { return }
    let place = place(api)
    apis[place].failures &+= 1
    for code in codes { apis[place].errors[ErrorCode(rawValue: code), default: 0] &+= 1 }
  }

  /// A producer is left unread for a while, because the journal is nearly full.
  mutating func slowed() { pauses &+= 1 }

  mutating func left(_ stamp: RequestStamp, at now: Instant) {
    apis[place(stamp.api)].latency.observe(nanoseconds: now.nanoseconds &- stamp.arrived.nanoseconds)
  }

  private mutating func place(_ api: APIKey) -> Int {
    let key = Int(api.rawValue) & 127
    if places[key] < 0 {
      places[key] = apis.count
      apis.append(API(key: api))
    }
    return places[key]
  }
}

/// The APIs whose requests were handled in a turn.
struct RequestSet {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  mutating func insert(_ api: APIKey) {
    if api.rawValue < 64 { low |= 1 << UInt64(api.rawValue & 63) } else { high |= 1 << UInt64(api.rawValue & 63) }
  }

  /// Their names, for a person.
  var names: String {
    APIKey.allCases.filter { (($0.rawValue < 64 ? low : high) >> UInt64($0.rawValue & 63)) & 1 == 1 }.map(\.name)
      .joined(separator: ", ")
  }
}

extension KafkaDoor {
  /// A request is about to be handled.
  func requestBegan(_ api: APIKey) -> RequestStamp {
    turnRequests.insert(api)
    return meters.began(api, at: engine.clock.now())
  }

  /// A turn of the engine has ended.
  func turnEnded(_ cost: TurnCost) {
    if meters.turnEnded(nanoseconds: cost.processor) { slowTurn(cost) }
    turnRequests = RequestSet()
  }

  /// A reply is on its way out.
  func replyLeft(_ stamp: RequestStamp) { meters.left(stamp, at: engine.clock.now()) }

  /// Bytes that requests take now, and may take together.
  package var memoryUse: (used: Int, limit: Int) { (room.pool.used, room.pool.limit) }
}
