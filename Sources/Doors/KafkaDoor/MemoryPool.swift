/// The bytes that requests may take together: reserved before a request's body is read, given back when it is executed.
///
/// One connection holds at most an eighth and one address at most half, so that nobody starves the others; small
/// requests have a lane of their own besides, so that heartbeats and metadata pass while producers wait, and those that
/// are here as a whole have another: announcing what never comes does not keep them out. A request larger than its holder's share is let in when its holder has nothing else.
package struct MemoryPool {
  /// Requests up to this size may use the small lane.
  package static let smallRequestBytes = 65_536
  /// The share of the pool that one connection may hold.
  package static let connectionShare = 8
  /// The share of the pool, or of the small lane, that one address may hold.
  package static let addressShare = 2
  /// The small lane's size, as a part of the pool.
  package static let laneShare = 8

  /// Where a reservation was taken from.
  package enum Lane: Equatable, Sendable { case main, small, arrived }

  /// Why there is no room.
  package enum Refusal: Error, Equatable {
    /// The connection must have some of its requests executed first.
    case connectionFull
    /// Others of the same address must.
    case addressFull
    case poolFull
  }

  package let limit: Int
  package let laneLimit: Int
  package private(set) var used = 0
  package private(set) var laneUsed = 0
  package private(set) var arrivedUsed = 0

  package init(limit: Int) {
    self.limit = max(limit, 1)
    laneLimit = max(limit / Self.laneShare, Self.smallRequestBytes)
  }

  /// Takes `bytes` for a connection that holds `byConnection` already, of an address that holds `byAddress` (nil where
  /// addresses are not counted). `isHere`: all of them have come.
  package mutating func take(
    _ bytes: Int, byConnection: Int, byAddress: Int?, isHere: Bool = false
  ) -> Result<Lane, Refusal> {
    guard byConnection == 0 || byConnection + bytes <= limit / Self.connectionShare else {
      return .failure(.connectionFull)
    }
    if let byAddress, byAddress > 0, byAddress + bytes > limit / Self.addressShare {
      return .failure(.addressFull)
    }
    if used == 0 || used + bytes <= limit {
      used += bytes
      return .success(.main)
    }
    if isHere, bytes <= Self.smallRequestBytes, arrivedUsed + bytes <= laneLimit {
      arrivedUsed += bytes
      return .success(.arrived)
    }
    guard bytes <= Self.smallRequestBytes, laneUsed + bytes <= laneLimit else { return .failure(.poolFull) }
    laneUsed += bytes
    return .success(.small)
  }

  /// Gives back what `take` gave.
  package mutating func give(_ bytes: Int, _ lane: Lane) {
    switch lane {
    case .main: used -= bytes
    case .small: laneUsed -= bytes
    case .arrived: arrivedUsed -= bytes
    }
  }
}
