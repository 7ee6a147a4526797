import Reactor
import Testing

/// Writes on a thread of its own, so that the test can read meanwhile.
final class Sender: @unchecked Sendable {
  private let done = Notes<Bool>()
  private let thread: NamedThread?

  init(_ client: TestClient, _ bytes: [UInt8]) {
    let done = done
    thread = try? NamedThread(name: "sender") {
      do {
        try client.write(bytes)
        done.put(true)
      } catch {
        done.put(false)
      }
    }
  }

  func finish() throws {
    try #require(thread != nil)
    #expect(try done.take())
    thread?.join()
  }
}
