/// What a client may do, as sets of bits: 1 shifted by the operation's number (KIP-430). Nobody is refused anything while
/// there is no authorizer.
package enum AllowedOperations {
  /// Read, write, create, delete, alter, describe, describe and alter configs.
  package static let topic = bits(3, 4, 5, 6, 7, 8, 10, 11)
  /// Create, alter, describe, cluster action, describe and alter configs, idempotent write.
  package static let cluster = bits(5, 7, 8, 9, 10, 11, 12)
  /// Read, delete, describe, describe and alter configs.
  package static let group = bits(3, 6, 8, 10, 11)
  /// Stands for "not asked".
  package static let notAsked = Int32.min

  private static func bits(_ operations: Int32...) -> Int32 { operations.reduce(0) { $0 | 1 << $1 } }
}
