import KafkaClient
import KafkaWire
import Terminal

extension ClientError {
  /// How a command ends that fails with this.
  var exitCode: ExitCode {
    switch kind {
    case .unreachable, .disconnected, .timedOut, .interrupted: .tryAgain
    case .malformedAnswer, .unsupported: .badData
    case .refused(.kafkaStorageError): .disk
    case .refused(.unknownTopicOrPartition), .refused(.unknownTopicId): .badData
    case .refused(let code): code.isRetriable ? .tryAgain : .badData
    }
  }

  /// What to do next, or nil where the error says it all.
  var advice: String? {
    switch kind {
    case .unreachable:
      return "Is a server running there? `millrace serve` starts one on this machine; --bootstrap HOST:PORT or "
        + "MILLRACE_BOOTSTRAP names another."
    case .disconnected, .timedOut:
      return "The server may be starting or stopping: try again, and look at its log."
    case .refused(let code): return Self.advice(on: code)
    case .malformedAnswer, .unsupported, .interrupted: return nil
    }
  }

  private static func advice(on code: ErrorCode) -> String? {
    switch code {
    case .unknownTopicOrPartition, .unknownTopicId:
      "`millrace topic list` shows the topics there are; `millrace topic create NAME` makes one."
    case .topicAlreadyExists:
      "--if-not-exists accepts a topic that is there; `millrace topic describe NAME` shows it."
    case .invalidTopicException:
      "A topic's name has 1 to 249 letters, digits, dots, dashes and underscores, and is neither . nor .. ."
    case .invalidConfig, .invalidRequest:
      "`millrace topic describe NAME --all` shows all settings by their names."
    case .invalidReplicationFactor:
      "Leave --replication-factor out to take what the server has."
    case .invalidPartitions:
      "Partitions can be added, not taken away; `millrace topic describe NAME` shows how many there are."
    case .messageTooLarge, .recordListTooLarge:
      "`millrace topic alter NAME --set max.message.bytes=N` lets a topic take larger records."
    case .invalidRecord:
      "A compacted topic takes records with keys only (--key-separator)."
    case .outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch, .producerFenced:
      "The server no longer knows this producer. What the summary counts is stored; send the rest again."
    case .groupIdNotFound:
      "`millrace group list` shows the groups there are."
    case .nonEmptyGroup:
      "Stop its members first; `millrace group describe GROUP` shows them."
    case .transactionalIdNotFound:
      "`millrace txn list` shows the transactional ids there are."
    case .kafkaStorageError:
      "The server's disk is full or fails: its log says more."
    default: nil
    }
  }
}
