import KafkaWire
import Units

extension ConsumerGroup {
  private var patternsInUse: [String] { Set(state.members.values.compactMap(\.pattern)).sorted() }

  /// A member has taken up `pattern`, or withdrawn one: what nobody uses is forgotten, what is new is matched.
  mutating func patternsChanged(
    _ pattern: String?, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext, _ draft: inout Draft,
    into effects: inout Effects
  ) {
    forgetUnusedPatterns(&draft, into: &effects)
    if let pattern, state.patterns[pattern] == nil { match([pattern], settings, context, into: &effects) }
  }

  mutating func forgetUnusedPatterns(_ draft: inout Draft, into effects: inout Effects) {
    guard !state.patterns.isEmpty else { return }
    let used = Set(patternsInUse)
    for text in state.patterns.keys.sorted() where !used.contains(text) { put(.pattern(text, nil), &draft) }
    if used.isEmpty { effects.cancel(.patterns(group: id)) }
  }

  /// Asks for all patterns in use to be matched again.
  func matchPatterns(
    _ settings: ConsumerGroupSettings, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    let patterns = patternsInUse
    if !patterns.isEmpty { match(patterns, settings, context, into: &effects) }
  }

  private func match(
    _ patterns: [String], _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    effects.patternWork.append(PatternWork(group: id, patterns: patterns))
    effects.arm(
      .patterns(group: id), at: context.now.advanced(byMs: Int64(settings.patternRefreshIntervalMs)))
  }

  /// Takes what the patterns matched; a pattern that nobody uses any more is left out.
  package mutating func patternsMatched(
    _ result: PatternWork.Result, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var draft = Draft()
    let used = Set(patternsInUse)
    for (text, topics) in result.matches where used.contains(text) && state.patterns[text]?.topics != topics {
      put(
        .pattern(text, ResolvedPattern(topics: topics, timestamp: context.wall.milliseconds)), &draft)
    }
    if !draft.isEmpty {
      bump(Rebalance(.topics), context, &draft)
      assignIfDue(settings, context, &draft, into: &effects)
    }
    finish(draft, into: &effects)
  }
}
