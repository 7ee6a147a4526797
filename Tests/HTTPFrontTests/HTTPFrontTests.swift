import HTTPFront
import Machine
import TestFixtures
import Testing

@Suite struct HTTPFrontTests {
  private static func front(limits: HTTPLimits = HTTPLimits()) throws -> HTTPFront {
    try HTTPFront(
      host: "127.0.0.1", port: 0, limits: limits,
      routes: [
        HTTPRoute("/hello") { request, exchange in exchange.reply(HTTPReply(body: "hello \(request.path)\n")) },
        HTTPRoute("/made") { _, exchange in exchange.reply { HTTPReply(status: 503, body: "made\n") } },
        HTTPRoute("/forgotten") { _, _ in },
      ])
  }

  @Test func routesAnswer() throws {
    let front = try Self.front()
    let answer = try HTTPClient.get(front.address, "/hello?x=1")
    #expect(answer.statusLine == "HTTP/1.1 200 OK")
    #expect(answer.hasSuffix("hello /hello\n"))
    #expect(try HTTPClient.get(front.address, "/made").statusLine.hasPrefix("HTTP/1.1 503"))
    #expect(try HTTPClient.get(front.address, "/nothing").statusLine.hasPrefix("HTTP/1.1 404"))
  }

  @Test func aForgottenExchangeAnswersByItself() throws {
    let front = try Self.front()
    #expect(try HTTPClient.get(front.address, "/forgotten").statusLine.hasPrefix("HTTP/1.1 503"))
  }

  @Test func headHasNoBody() throws {
    let front = try Self.front()
    let answer = try HTTPClient.get(front.address, "/hello", method: "HEAD")
    #expect(answer.statusLine == "HTTP/1.1 200 OK")
    #expect(answer.hasSuffix("\r\n\r\n"))
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "TRACE", "OPTIONS"])
  func otherMethodsAreRefused(method: String) throws {
    let front = try Self.front()
    #expect(try HTTPClient.get(front.address, "/hello", method: method).statusLine.hasPrefix("HTTP/1.1 405"))
  }

  @Test func aBodyIsRefused() throws {
    let front = try Self.front()
    let request = "GET /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345"
    #expect(try HTTPClient.exchange(front.address, request).statusLine.hasPrefix("HTTP/1.1 400"))
  }

  @Test(arguments: [
    ("localhost:1", "200"), ("127.0.0.1", "200"), ("[::1]:80", "200"), ("LOCALHOST", "200"), ("evil.example", "421"),
    ("127.0.0.1.evil.example", "421"), ("", "421"),
  ])
  func hostsAreChecked(host: String, status: String) throws {
    let front = try Self.front()
    let line = try HTTPClient.get(front.address, "/hello", host: host).statusLine
    #expect(line.hasPrefix("HTTP/1.1 \(status)"), "\(line)")
  }

  @Test func largeHeadersAreRefused() throws {
    var limits = HTTPLimits()
    limits.headerBytes = 4_096
    let front = try Self.front(limits: limits)
    let filler = String(repeating: "x", count: 16_384)
    let answer = try HTTPClient.exchange(
      front.address, "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Filler: \(filler)\r\nConnection: close\r\n\r\n")
    #expect(!answer.hasPrefix("HTTP/1.1 200"))
  }

  @Test func aStopAnswersThoseWhoWait() throws {
    let held = Locked([HTTPExchange]())
    let front = try HTTPFront(
      host: "127.0.0.1", port: 0,
      routes: [
        HTTPRoute("/wait") { _, exchange in held.withLock { $0.append(exchange) } },
        HTTPRoute("/stop") { _, exchange in exchange.reply(HTTPReply(body: "")) },
      ])
    _ = try HTTPClient.get(front.address, "/stop")
    front.stop()
    front.stop()
    for exchange in held.withLock({ $0 }) { exchange.reply(HTTPReply(body: "late")) }
  }
}
