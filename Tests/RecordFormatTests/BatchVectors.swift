import ByteCodec
import Foundation

/// A batch that another implementation wrote, and what it says is in it.
struct BatchVector: Decodable {
  struct Record: Decodable {
    var offset: Int64
    var timestamp: Int64
    var key: String?
    var value: String?
    var headers: [[String?]]
  }

  var compression: String
  var base_offset: Int64
  var last_offset: Int64
  var producer_id: Int64
  var producer_epoch: Int16
  var base_sequence: Int32
  var transactional: Bool
  var control: Bool
  var timestamp_type: String
  var max_timestamp: Int64
  var partition_leader_epoch: Int32
  var crc: UInt32
  var hex: String
  var records: [Record]

  var bytes: [UInt8] { BatchVector.bytes(hex) }

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { at in
      UInt8(String(decoding: digits[at..<at + 2], as: UTF8.self), radix: 16)
    }
  }

  /// The committed sample, and the whole set where it lies beside the package.
  static let all: [BatchVector] = {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let root = here.deletingLastPathComponent().deletingLastPathComponent()
    let sample = read(here.appendingPathComponent("Vectors/record-batches.jsonl"))
    return sample + read(root.appendingPathComponent("../shared/kafka-protocol/vectors/record-batches.jsonl"))
  }()

  private static func read(_ file: URL) -> [BatchVector] {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap { line in
      try? JSONDecoder().decode(BatchVector.self, from: Data(line.utf8))
    }
  }
}
