import Broker
package import KafkaWire
import Machine
package import Metrics
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

  private var places = [Int](repeating: -1, count: 128)
  /// APIs that were asked for, in the order in which they were first.
  package private(set) var apis: [API] = []
  /// How often a producer was left unread for a while because the journal was nearly full.
  package private(set) var pauses: UInt64 = 0

  mutating func began(_ api: APIKey, at now: Instant) -> RequestStamp {
    apis[place(api)].requests &+= 1
    return RequestStamp(api: api, arrived: now)
  }

  /// A request's connection is closed for it.
  mutating func failed(_ api: APIKey) { apis[place(api)].failures &+= 1 }

  /// An answer is made: counts every error code in it.
  mutating func answered(_ api: APIKey, _ message: any WireMessage) {
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

extension KafkaDoor {
  /// A request is about to be handled.
  func requestBegan(_ api: APIKey) -> RequestStamp { meters.began(api, at: engine.clock.now()) }

  /// A reply is on its way out.
  func replyLeft(_ stamp: RequestStamp) { meters.left(stamp, at: engine.clock.now()) }

  /// Bytes that requests take now, and may take together.
  package var memoryUse: (used: Int, limit: Int) { (room.pool.used, room.pool.limit) }
}
