import CRE2

/// A pattern of topic names in RE2's syntax, which a member sent (KIP-848). RE2 takes time that grows with the text
/// alone, whatever the pattern, and the memory is bounded: a pattern from outside cannot hold the server up.
package final class TopicPattern: Sendable {
  /// Why a text is no pattern.
  package struct Invalid: Error, Equatable {
    package var reason: String
  }

  /// Bytes a pattern's text may have. Names have 249 at most: longer ones list topics, which has a field of its own.
  package static let lengthLimit = 4_096
  /// Bytes RE2 may use for one pattern, its program and its cache of states together.
  package static let memoryLimit: Int64 = 1 << 20
  /// Bytes of RE2's reason that are kept.
  private static let reasonLimit = 200

  private struct Compiled: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  private let compiled: Compiled

  package init(_ text: String) throws(Invalid) {
    var text = text
    let length = text.utf8.count
    guard length <= Self.lengthLimit else {
      throw Invalid(reason: "the pattern has \(length) bytes; \(Self.lengthLimit) are allowed")
    }
    var reason = [CChar](repeating: 0, count: Self.reasonLimit)
    let pointer = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        cre2_compile($0.baseAddress, length, Self.memoryLimit, &reason, reason.count)
      }
    }
    guard let pointer else {
      throw Invalid(reason: String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    compiled = Compiled(pointer: pointer)
  }

  deinit { cre2_free(compiled.pointer) }

  /// Whether the whole name matches. Any thread may ask.
  package func matches(_ name: String) -> Bool {
    var name = name
    return name.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { cre2_matches(compiled.pointer, $0.baseAddress, $0.count) }
    }
  }
}

/// Patterns of a group that wait to be matched with the names of all topics but the internal ones: a value, so that
/// whoever runs the coordinator does it on another thread and hands the result in later.
package struct PatternWork: Equatable, Sendable {
  package var group: String
  package var patterns: [String]

  package init(group: String, patterns: [String]) {
    self.group = group
    self.patterns = patterns
  }

  /// What came out: for each pattern the names it matches, in order. A text that is no pattern matches nothing.
  package struct Result: Equatable, Sendable {
    package var group: String
    package var matches: [(pattern: String, topics: [String])]

    package static func == (a: Result, b: Result) -> Bool {
      a.group == b.group && a.matches.elementsEqual(b.matches) { $0.pattern == $1.pattern && $0.topics == $1.topics }
    }
  }

  /// Matches all of them with `names`, in time that grows with both. Internal topics are none that a pattern is meant
  /// for: no group reads them unless it names them. Any thread may do this.
  package func run(on names: [String]) -> Result {
    let topics = names.filter { InternalTopic(rawValue: $0) == nil }.sorted()
    return Result(
      group: group,
      matches: patterns.map { text in
        do throws(TopicPattern.Invalid) {
          let pattern = try TopicPattern(text)
          return (text, topics.filter { pattern.matches($0) })
        } catch {
          return (text, [])
        }
      })
  }
}
