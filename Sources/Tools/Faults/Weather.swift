/// How the proxy treats frames for a while; chances are per mille of the frames.
package struct Weather: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// Everything passes at once.
    case calm
    /// Connections are cut between frames and inside them.
    case cuts
    /// Frames are held for a moment, and all behind them.
    case delays
    /// Frames that change something are held for seconds, while those of other connections overtake them; some arrive
    /// only after their sender has given up.
    case disorder
  }

  package var kind: Kind
  /// A connection ends after a whole frame.
  package var cutPermille = 0
  /// A connection ends in the middle of a frame.
  package var tearPermille = 0
  package var holdPermille = 0
  package var longestHoldMs = 0
  /// Frames that change something, requests and their answers, are held that often and up to that long.
  package var changeHoldPermille = 0
  package var longestChangeHoldMs = 0

  package static func of(_ kind: Kind) -> Weather {
    switch kind {
    case .calm: Weather(kind: kind)
    case .cuts: Weather(kind: kind, cutPermille: 8, tearPermille: 8)
    case .delays: Weather(kind: kind, cutPermille: 1, holdPermille: 150, longestHoldMs: 300)
    case .disorder:
      // Longer than the clients' request timeouts: then they come again while the first request is still on its way.
      Weather(kind: kind, cutPermille: 1, tearPermille: 1, changeHoldPermille: 30, longestChangeHoldMs: 6_000)
    }
  }
}
