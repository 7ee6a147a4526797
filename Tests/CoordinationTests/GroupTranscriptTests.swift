import Foundation
import Testing

/// Plays every transcript and compares what came out. `MILLRACE_REWRITE=1` writes the outcome of now into the files: then
/// the difference is to be read before it is committed.
@Suite struct GroupTranscriptTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Transcripts")

  @Test(arguments: [
    "join", "rebalance", "static-members", "cooperative", "leave", "session-expiry", "limits", "offsets",
    "offset-expiry", "transactions", "administration", "restart", "other-protocols",
  ])
  func transcript(name: String) throws {
    let file = Self.folder.appendingPathComponent(name + ".transcript")
    let script = try String(contentsOf: file, encoding: .utf8)
    var transcript = GroupTranscript()
    let outcome = transcript.play(script)
    if ProcessInfo.processInfo.environment["MILLRACE_REWRITE"] != nil {
      try outcome.write(to: file, atomically: true, encoding: .utf8)
    } else {
      #expect(outcome == script, "\(name).transcript: what came out is not what is written")
    }
  }
}
