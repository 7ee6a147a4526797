import Glibc
import Inspection
import Machine
import Terminal

/// Data folders as commands name them.
enum DataFolder {
  /// The folder at `path`, which must be there.
  static func existing(_ path: String) throws -> POSIXDisk {
    var facts = stat()
    guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
      throw CommandFailure(.badData, "there is no folder '\(path)'")
    }
    return try make(path)
  }

  /// The folder at `path`, made where only its last name is missing.
  static func make(_ path: String) throws -> POSIXDisk {
    do throws(DataFolderError) {
      return try POSIXDisk(path: path)
    } catch {
      throw CommandFailure(.disk, error.description)
    }
  }

  /// Runs `body` and turns its failure into words and an exit code.
  static func tried<Value>(_ body: () throws(InspectionError) -> Value, advice: String? = nil) throws -> Value {
    do throws(InspectionError) {
      return try body()
    } catch {
      switch error.kind {
      case .locked, .busy: throw CommandFailure(.tryAgain, error.description, advice: advice)
      case .disk: throw CommandFailure(.disk, error.description)
      case .refused: throw CommandFailure(.badData, error.description, advice: advice)
      }
    }
  }
}

extension Finding {
  /// The finding as a JSON object.
  var json: JSONText {
    .object([
      ("weight", .string(weight.rawValue)), ("part", .string(part.rawValue)), ("path", .string(path)),
      ("first_byte", bytes.map { .number($0.lowerBound) } ?? .null),
      ("last_byte", bytes.map { .number($0.upperBound - 1) } ?? .null), ("partition", .optional(partition)),
      ("first_offset", offsets.map { .number($0.lowerBound) } ?? .null),
      ("last_offset", offsets.map { .number($0.upperBound) } ?? .null), ("what", .string(what)),
    ])
  }
}

extension VerifyReport {
  /// Writes the findings and the summary. Answers how the command ends.
  func show(asJSON: Bool) -> ExitCode {
    let output = Output()
    for finding in findings { output.write((asJSON ? finding.json.line : finding.line) + "\n") }
    if asJSON {
      let facts: JSONText = .object([
        ("sound", .bool(!isDamaged)), ("partitions", .number(Int64(partitions))),
        ("segments", .number(Int64(segments))), ("batches", .number(Int64(batches))),
        ("journal_frames", .number(Int64(journalFrames))), ("bytes", .number(bytes)),
      ])
      output.write(facts.line + "\n")
    } else {
      output.write(summary + "\n")
    }
    output.flush()
    return isDamaged ? .badData : .done
  }
}
