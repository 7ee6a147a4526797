import Inspection
import RecordFormat
import Terminal
import Units

extension Command {
  private static let options = [
    Option("from", value: "OFFSET", "begin with the batch that holds this offset"),
    Option("batches", "batches only, not their records"),
    Option("json", "one JSON object a line"),
  ]

  /// `millrace dump`
  static let dump = Command(
    "dump",
    summary: "print a partition's batches and records from a data folder",
    help: """
      usage: millrace dump DIR TOPIC PARTITION [options]

      Prints what a partition holds, read from the files of the data folder DIR without changing them; the server may be
      running. Ends with 65 when something cannot be read.

      \(Option.list(options))

      examples
        millrace dump ./millrace-data orders 0 --from 1000
        millrace dump ./millrace-data orders 0 --batches --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    let words = try given.words("DIR", "TOPIC", "PARTITION")
    guard let index = Int32(words[2]), index >= 0 else {
      throw UsageError("PARTITION is a number, not '\(words[2])'")
    }
    let from = try given.integer("from", in: 0...Int64.max) ?? 0
    let disk = try DataFolder.existing(words[0])
    let formatter = try RecordFormatter(given, topic: words[1])
    let output = Output()
    var isSound = true
    try DataFolder.tried { () throws(InspectionError) in
      let dump = try PartitionDump(disk, topic: words[1], index: index)
      try dump.run(from: Offset(from), records: !given.has("batches")) { item in
        switch item {
        case .batch(let header, let path, let position):
          output.write(line(header, path, position, asJSON: given.has("json")) + "\n")
        case .record(let record):
          output.gather { bytes in
            if !given.has("json") { bytes += "  \(record.offset.value) \(record.timestamp.milliseconds) ".utf8 }
            formatter.write(record, partition: index, to: &bytes)
          }
        case .damage(let finding):
          isSound = false
          output.write((given.has("json") ? finding.json.line : finding.line) + "\n")
        }
        return !output.isBroken
      }
    }
    output.flush()
    return isSound ? .done : .badData
  }

  private static func line(_ header: RecordBatchHeader, _ path: String, _ position: Int64, asJSON: Bool) -> String {
    let codec = header.attributes.codec.map { "\($0)" } ?? "unknown"
    guard asJSON else {
      let producer = header.hasProducerID ? " producer \(header.producerID):\(header.producerEpoch)" : ""
      return "batch \(header.baseOffset.value)-\(header.lastOffset.value): \(header.recordCount) records, "
        + "\(header.totalSize) bytes at \(position) of \(path), \(codec), epoch \(header.partitionLeaderEpoch)\(producer)"
    }
    return JSONText.object([
      ("batch", .number(header.baseOffset.value)), ("last_offset", .number(header.lastOffset.value)),
      ("records", .number(Int64(header.recordCount))), ("bytes", .number(Int64(header.totalSize))),
      ("path", .string(path)), ("position", .number(position)), ("compression", .string(codec)),
      ("leader_epoch", .number(Int64(header.partitionLeaderEpoch))), ("producer_id", .number(header.producerID)),
      ("producer_epoch", .number(Int64(header.producerEpoch))), ("base_sequence", .number(Int64(header.baseSequence))),
      ("max_timestamp", .number(header.maxTimestamp.milliseconds)), ("control", .bool(header.isControl)),
      ("transactional", .bool(header.isTransactional)),
    ]).line
  }
}
