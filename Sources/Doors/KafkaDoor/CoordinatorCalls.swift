import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Reactor
import Units

/// A request on its way into a coordinator.
struct CoordinatorCall {
  /// The groups or transactional ids it is about; none for all.
  var owners: [String]
  /// Records may come of it, so it needs room on the disk.
  var decides: Bool
  /// The reply may show which topics there are.
  var seesTopics: Bool
}

extension KafkaDoor {
  typealias GroupEntry = (inout GroupCoordinator, Caller, Waiter, CoordinatorContext, inout Effects) -> Void
  typealias TransactionCall = (inout TransactionCoordinator, Caller, Waiter, CoordinatorContext, inout Effects) -> Void

  /// Has the machine of groups answer `request`, now or later; `refused` is the reply where it cannot be asked. A request
  /// that is parked keeps back only what follows on its own connection.
  func ask(
    _ call: CoordinatorCall, for request: Request, refused: @autoclosure () -> some WireMessage, _ entry: GroupEntry
  ) -> Answer {
    let caller = caller(of: request)
    let outcome = engine.callGroups(
      of: call.owners, decides: call.decides, seesTopics: call.seesTopics, reply: reply(to: request)
    ) { groups, waiter, context, effects in entry(&groups, caller, waiter, context, &effects) }
    return answer(request, outcome, refused: refused())
  }

  /// Has the machine of transactions answer `request`.
  func askTransactions(
    _ call: CoordinatorCall, for request: Request, refused: @autoclosure () -> some WireMessage,
    _ entry: TransactionCall
  ) -> Answer {
    let caller = caller(of: request)
    let outcome = engine.callTransactions(
      of: call.owners, decides: call.decides, seesTopics: call.seesTopics, reply: reply(to: request)
    ) { transactions, waiter, context, effects in entry(&transactions, caller, waiter, context, &effects) }
    return answer(request, outcome, refused: refused())
  }

  private func answer(
    _ request: Request, _ outcome: CoordinatorCallOutcome, refused: @autoclosure () -> some WireMessage
  ) -> Answer {
    switch outcome {
    case .answered: return .later
    case .waits(let waiter):
      request.connection.waiter = waiter
      return .later
    case .refused:
      meters.failed(request.api)
      return .reply(refused(), after: .start)
    }
  }

  private func reply(to request: Request) -> CoordinatorReply {
    let bare = request.withoutBody
    return { message, after in bare.connection.answer(bare, coordinated: message, after: after) }
  }

  private func caller(of request: Request) -> Caller {
    Caller(clientID: request.clientID, host: "/" + request.connection.socket.peer.host, version: request.version)
  }
}

extension KafkaConnection {
  /// Gives the reply that a coordinator made. Whatever follows on this connection starts within.
  func answer(_ request: Request, coordinated message: any WireMessage, after sequence: JournalSequence) {
    waiter = nil
    answer(request, message, after: sequence)
  }
}
