package import Machine

/// How a client behaves, whatever it is used for. Times are in milliseconds.
package struct ClientOptions: Sendable {
  /// The name that brokers see in their logs and quotas.
  package var clientID = "millrace-cli"
  /// For one connection to one address of a broker.
  package var connectTimeoutMs: Int64 = 5_000
  /// From the moment a request leaves until its answer is complete; what the broker may itself wait comes on top.
  package var requestTimeoutMs: Int64 = 30_000
  /// How long something that fails, but may succeed later, is tried again without any progress.
  package var retryMs: Int64 = 120_000
  /// The largest answer that is taken, in bytes: twice what a fetch asks for, and room for a batch that is larger.
  package var maximumResponse = 128 << 20
  /// The first pause before another try; it doubles each time.
  package var firstBackoffMs: Int64 = 50
  /// The longest pause before another try.
  package var longestBackoffMs: Int64 = 2_000
  package var clock: any Clock = SystemClock()
  package var entropy: any Entropy = SystemEntropy()
  /// Whether the user wants to stop; asked whenever a signal ends a wait.
  package var isInterrupted: @Sendable () -> Bool = { false }
  /// Told, in a sentence, of what the user may like to know though it is no failure: a broker that went away.
  package var notice: @Sendable (String) -> Void = { _ in }

  /// The defaults.
  package init() {}
}

/// The pauses between tries: doubling, with a random part so that many clients do not return at once.
struct Backoff {
  private(set) var tries = 0
  private let options: ClientOptions

  init(_ options: ClientOptions) { self.options = options }

  /// The next pause, between half and the whole of what has doubled.
  mutating func nextMs() -> Int64 {
    let doubled = options.firstBackoffMs << Int64(min(tries, 16))
    tries += 1
    let whole = max(min(doubled, options.longestBackoffMs), 2)
    return whole / 2 + Int64(options.entropy.next() % UInt64(whole / 2 + 1))
  }

  mutating func reset() { tries = 0 }
}
