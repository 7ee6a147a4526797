/// How the records of a batch are compressed: the low three bits of its attributes (message format v2).
package enum CompressionCodec: UInt8, CaseIterable, Sendable {
  case none = 0
  case gzip = 1
  case snappy = 2
  case lz4 = 3
  case zstd = 4

  /// The codec's name as `compression.type` spells it, save that no compression is "none".
  package var name: String {
    switch self {
    case .none: "none"
    case .gzip: "gzip"
    case .snappy: "snappy"
    case .lz4: "lz4"
    case .zstd: "zstd"
    }
  }

  /// The codec called `name` ("none" or "uncompressed" for no compression), or nil.
  package init?(name: String) {
    if name == "uncompressed" {
      self = .none
    } else {
      guard let codec = CompressionCodec.allCases.first(where: { $0.name == name }) else { return nil }
      self = codec
    }
  }
}

/// Why bytes could not be compressed or decompressed.
package enum CompressionError: Error, Equatable, Sendable {
  /// The input is not what its codec writes, ends too early, or goes on after its end.
  case corrupt
  /// The output, or the memory to make it, would go past the budget.
  case tooLarge
  /// A level that the codec does not have, or a library that refused to start.
  case unsupported
}
