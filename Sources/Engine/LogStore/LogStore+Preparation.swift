package import RecordFormat
import Units

/// Produced batches on their way through the codec lane.
struct Preparations {
  /// Jobs that the lane has at a time: one that runs, and one that follows without a pause. The others wait here, where
  /// the door's memory bounds them.
  static let jobsUnderWay = 2

  var nextToken: UInt64 = 1
  var underWay = 0
  var waiting: [(batches: [BatchIntake], token: UInt64)] = []
}

extension LogStore {
  /// Has batches checked, and compressed anew where that is asked for, on the codec lane, in the order of the calls.
  /// The outcomes come with `LogProgress.prepared` under the token that is returned.
  package func prepare(_ batches: [BatchIntake]) -> UInt64 {
    let token = preparations.nextToken
    preparations.nextToken += 1
    preparations.waiting.append((batches, token))
    submitPreparations()
    return token
  }

  /// Has `body` run on the background lane, behind what that has. What comes out comes with `LogProgress.computed`
  /// under the token that is returned.
  package func compute(_ body: @escaping @Sendable () -> any Sendable) -> UInt64 {
    let token = reads.takeToken()
    lanes.submit(.compute(body, token: token))
    return token
  }

  private func submitPreparations() {
    while preparations.underWay < Preparations.jobsUnderWay, !preparations.waiting.isEmpty {
      let next = preparations.waiting.removeFirst()
      preparations.underWay += 1
      lanes.submit(.prepare(next.batches, token: next.token))
    }
  }

  func preparationFinished(_ outcomes: [BatchIntake.Outcome], token: UInt64, _ progress: inout LogProgress) {
    preparations.underWay -= 1
    submitPreparations()
    progress.prepared = (token, outcomes)
  }
}
