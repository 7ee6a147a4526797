import Broker
import HTTPFront
import KafkaDoor
import Reactor
import Units

extension Server {
  /// The version the metrics name.
  static let version = "0.1.0"
  /// What `/healthz` says of a full disk, with 200: the server is of use, and starting it again would not help.
  private static let fullText = "the disk is full: writes are refused until there is room\n"

  /// Listens for metrics and health. Each answer asks the engine's thread for a copy of its facts, and is written on
  /// the front's; a server that cannot answer says so with 503.
  static func httpFront(
    _ address: (host: String, port: UInt16), loop: EventLoop, door: KafkaDoor, started: Instant
  ) throws(ServerError) -> HTTPFront {
    let source = FactSource(loop: loop, door: door, started: started)
    do throws(SystemError) {
      return try HTTPFront(
        host: address.host, port: address.port,
        routes: [
          HTTPRoute("/metrics") { _, exchange in
            source.factsWithAges { facts in
              exchange.reply(making: {
                HTTPReply(
                  contentType: "text/plain; version=0.0.4; charset=utf-8", body: facts.metricsText(version: version))
              })
            }
          },
          HTTPRoute("/healthz") { _, exchange in
            source.facts { facts in
              exchange.reply(
                facts.isFailed
                  ? HTTPReply(status: 503, body: "the disk failed: nothing is acknowledged any more\n")
                  : HTTPReply(body: facts.isFull ? fullText : "ok\n"))
            }
          },
        ])
    } catch {
      throw ServerError(.listen, "cannot listen on \(address.host):\(address.port): \(error)")
    }
  }
}

/// Takes copies of the engine's facts out of its thread.
private final class FactSource: @unchecked Sendable {
  private let loop: EventLoop
  /// Touched by the loop's thread only.
  private let door: KafkaDoor
  private let started: Instant

  init(loop: EventLoop, door: KafkaDoor, started: Instant) {
    self.loop = loop
    self.door = door
    self.started = started
  }

  /// Hands the facts to `use`, on the engine's thread. When the loop takes nothing more, `use` is dropped, and with it
  /// the exchange, which then answers by itself.
  func facts(_ use: @escaping @Sendable (ServerFacts) -> Void) {
    _ = loop.post { [self] in use(ServerFacts(door: door, started: started)) }
  }

  /// The same, later: lanes look at what groups have not read.
  func factsWithAges(_ use: @escaping @Sendable (ServerFacts) -> Void) {
    _ = loop.post { [self] in
      let facts = ServerFacts(door: door, started: started)
      door.engine.addAges(to: facts.coordinators.lag, limit: CoordinatorFacts.agedRows) { rows in
        var facts = facts
        facts.coordinators.lag = rows
        use(facts)
      }
    }
  }
}
