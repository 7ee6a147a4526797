import Units

/// Guesses what a mistyped word was meant to be.
package enum Spelling {
  /// Words that are longer are not compared.
  private static let longest = 64

  /// The one of `candidates` that differs from `word` by the fewest letters, at most two, or that alone begins with it.
  package static func nearest(to word: String, in candidates: [String]) -> String? {
    let letters = Array(word.utf8)
    guard !letters.isEmpty, letters.count <= longest else { return nil }
    let longer = candidates.filter { $0.hasPrefix(word) }
    if longer.count == 1 { return longer[0] }
    let near = candidates.map { (name: $0, edits: EditDistance.between(letters, Array($0.utf8))) }.min {
      $0.edits < $1.edits
    }
    guard let near, near.edits <= 2, near.edits < letters.count else { return nil }
    return near.name
  }
}
