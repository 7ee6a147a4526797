/// How much output an input may ask for. Both bounds hold; whichever is lower counts.
///
/// A few kilobytes can stand for gigabytes (decompression bombs), so every decompression runs against a budget.
package struct DecompressionBudget: Equatable, Sendable {
  /// Output bytes for one input, whatever its size.
  package var maximumOutput: Int
  /// Output bytes for each input byte, once the output is larger than `ratioFloor`.
  package var maximumRatio: Int
  /// Output up to this many bytes is never refused for its ratio, so that small, very regular batches pass.
  package var ratioFloor: Int

  /// Real logs compress 5 to 30 times, LZ4 cannot do better than 255 times; more is nobody's data.
  package static let defaultMaximumRatio = 256
  /// About 4 ms of work for the fastest bomb that may still be tiny.
  package static let defaultRatioFloor = 4 << 20
  /// 64 times the largest batch a topic takes by default.
  package static let defaultMaximumOutput = 64 << 20

  /// A budget with the default bounds, save for those that are named.
  package init(
    maximumOutput: Int = defaultMaximumOutput, maximumRatio: Int = defaultMaximumRatio,
    ratioFloor: Int = defaultRatioFloor
  ) {
    self.maximumOutput = maximumOutput
    self.maximumRatio = maximumRatio
    self.ratioFloor = ratioFloor
  }

  /// The most bytes that `inputCount` bytes may become.
  package func allowance(forInput inputCount: Int) -> Int {
    let (byRatio, overflow) = inputCount.multipliedReportingOverflow(by: maximumRatio)
    return min(maximumOutput, overflow ? maximumOutput : max(byRatio, ratioFloor))
  }
}
