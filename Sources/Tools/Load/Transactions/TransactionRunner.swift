import ByteCodec
import KafkaWire
import Measuring

/// One producer that runs transactions one after the other: adds its partition where that is asked for, produces, commits.
final class TransactionRunner: LoadParty {
  /// What it is to do, as whom.
  struct Plan {
    var identity: ProducerIdentity
    var partition: Int32
    var count: Int
    /// Version 2 of transactions.
    var isImplicit: Bool
  }

  private enum Step {
    case add
    /// The first batch alone: only it may find the transaction before still ending.
    case first
    case rest
    case end
  }

  /// After "concurrent transactions" the same is tried again so much later, in nanoseconds.
  private static let pause: Int64 = 1_000_000
  /// As Kafka's own producer.
  private static let window = 5
  private static let addVersion: Int16 = 3

  let socket: LoadSocket
  private(set) var deadline: Int64?
  private var plan: Plan
  private let topic: String
  /// The batches of a transaction: full ones and, at its end, one that is not.
  private let full: ProduceFrame
  private let last: ProduceFrame
  private let batches: Int
  private var step: Step
  private var sent = 0
  private var answeredBatches = 0
  private var isWaiting = false
  private var sequence: Int32 = 0
  private var began: Int64 = 0
  private(set) var triedAgain = 0
  /// From a transaction's first request to the answer that it is committed.
  private(set) var latencies = Latencies()

  init(_ mode: TransactionMode, _ plan: Plan) throws {
    self.plan = plan
    topic = mode.target.topic
    let inBatch = ProduceFrame.recordsFitting(mode.batchBytes, recordBytes: mode.recordBytes)
    batches = (mode.records + inBatch - 1) / inBatch
    var content = ProduceFrame.Content(
      topic: topic, recordBytes: mode.recordBytes, recordCount: inBatch, identity: plan.identity)
    full = try ProduceFrame(content)
    content.recordCount = mode.records - (batches - 1) * inBatch
    last = try ProduceFrame(content)
    step = plan.isImplicit ? .first : .add
    socket = try LoadSocket(to: mode.target.broker)
  }

  var isDone: Bool { plan.count == 0 }

  func proceed() throws(LoadFailure) {
    guard plan.count > 0, socket.isFree else { return }
    if let pausing = deadline {
      guard pausing <= nanoseconds() else { return }
      deadline = nil
    }
    if began == 0 { began = nanoseconds() }
    switch step {
    case .add where !isWaiting: try add()
    case .first where !isWaiting:
      isWaiting = true
      try produce()
    case .rest:
      while socket.isFree, sent < batches, sent - answeredBatches < Self.window { try produce() }
    case .end where !isWaiting:
      isWaiting = true
      let request = EndTxnRequest(
        transactionalId: plan.identity.transactionalID ?? "", producerId: plan.identity.id,
        producerEpoch: plan.identity.epoch, committed: true)
      try socket.send(request, version: endVersion)
    default: return
    }
  }

  /// With version 5 the answer carries the epoch of the next transaction.
  private var endVersion: Int16 { plan.isImplicit ? 5 : 3 }

  private func add() throws(LoadFailure) {
    isWaiting = true
    let request = AddPartitionsToTxnRequest(
      v3AndBelowTransactionalId: plan.identity.transactionalID ?? "", v3AndBelowProducerId: plan.identity.id,
      v3AndBelowProducerEpoch: plan.identity.epoch, v3AndBelowTopics: [.init(name: topic, partitions: [plan.partition])]
    )
    try socket.send(request, version: Self.addVersion)
  }

  private func produce() throws(LoadFailure) {
    let frame = sent == batches - 1 ? last : full
    frame.prepare(
      correlation: 0, partition: plan.partition, sequence: sequence &+ Int32(sent) &* full.recordCount,
      epoch: plan.identity.epoch)
    sent += 1
    try socket.send(frame.bytes)
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    isWaiting = false
    switch step {
    case .add:
      let answer = try LoadSocket.answer(AddPartitionsToTxnRequest.self, frame, version: Self.addVersion)
      let code = answer.resultsByTopicV3AndBelow.first?.resultsByPartition.first?.partitionErrorCode
      if try isAccepted(code, "a partition") { step = .first }
    case .first:
      guard try isAccepted(try ProduceFrame.outcome(frame).code.rawValue, "a batch") else {
        sent = 0
        return
      }
      answeredBatches = 1
      step = batches > 1 ? .rest : .end
    case .rest:
      let code = try ProduceFrame.outcome(frame).code
      guard code == .none else { throw LoadFailure(reason: "a batch was refused: \(code)") }
      answeredBatches += 1
      if answeredBatches == batches { step = .end }
    case .end: try ended(frame)
    }
  }

  private func ended(_ frame: ByteSlice) throws(LoadFailure) {
    let answer = try LoadSocket.answer(EndTxnRequest.self, frame, version: endVersion)
    guard try isAccepted(answer.errorCode, "the end of a transaction") else { return }
    latencies.add(nanoseconds: nanoseconds() - began)
    sequence = (sequence &+ Int32(batches - 1) &* full.recordCount &+ last.recordCount) & Int32.max
    if plan.isImplicit {
      plan.identity.id = answer.producerId
      plan.identity.epoch = answer.producerEpoch
      sequence = 0
    }
    plan.count -= 1
    (began, sent, answeredBatches) = (0, 0, 0)
    step = plan.isImplicit ? .first : .add
  }

  /// False where the same must be asked again, since the transaction before is still being ended.
  private func isAccepted(_ code: Int16?, _ subject: String) throws(LoadFailure) -> Bool {
    guard let code else { throw LoadFailure(reason: "an answer without a word of \(subject)") }
    switch ErrorCode(rawValue: code) {
    case .none: return true
    case .concurrentTransactions, .coordinatorLoadInProgress, .notCoordinator:
      triedAgain += 1
      deadline = nanoseconds() + Self.pause
      return false
    case let error: throw LoadFailure(reason: "\(subject) was refused: \(error)")
    }
  }
}
