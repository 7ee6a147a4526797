import ByteCodec
import Faults
import KafkaWire
import Testing

/// What a seed decides for frames.
@Suite struct FramePlanTests {
  private let sight = FrameSight(size: 100, changes: true, mayArriveLate: true)

  private func fates(_ kind: Weather.Kind, seed: UInt64 = 1, of sight: FrameSight) -> [FrameFate] {
    var plan = FramePlan(seed: seed, connection: 3)
    return (0..<5_000).map { _ in plan.fate(of: sight, in: .of(kind)) }
  }

  @Test func aSeedDecides() {
    #expect(fates(.cuts, of: sight) == fates(.cuts, of: sight))
    #expect(fates(.cuts, of: sight) != fates(.cuts, seed: 2, of: sight))
  }

  @Test func calmLetsEverythingPass() { #expect(fates(.calm, of: sight).allSatisfy { $0 == .pass }) }

  @Test func cutsFallBetweenFramesAndInsideThem() {
    let cuts = fates(.cuts, of: sight).compactMap { if case .cut(let bytes) = $0 { bytes } else { nil } }
    #expect(cuts.contains(0) && cuts.contains(100))
    #expect(cuts.contains { $0 > 0 && $0 < 100 })
    #expect(cuts.allSatisfy { (0...100).contains($0) })
  }

  @Test func disorderHoldsWhatChangesSomething() {
    let reading = FrameSight(size: 100, changes: false, mayArriveLate: true)
    func holds(_ fates: [FrameFate]) -> Int { fates.count { if case .hold = $0 { true } else { false } } }
    #expect(holds(fates(.disorder, of: sight)) > 0)
    #expect(holds(fates(.disorder, of: reading)) == 0)
    #expect(holds(fates(.delays, of: reading)) > 0)
  }
}

/// What the proxy sees in a request.
@Suite struct FrameSightTests {
  private func sight(_ api: APIKey, _ version: Int16, _ body: some WireMessage) -> FrameSight {
    var writer = ByteWriter()
    RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: 7, clientId: "me").encode(to: &writer)
    body.encode(to: &writer, version: version)
    return FrameSight(request: writer.takeSlice())
  }

  @Test(arguments: [(Int16(3), nil, true), (3, "id", false), (9, nil, true), (9, "id", false), (12, "id", true)])
  func onlyProtectedRecordsMayArriveLate(_ version: Int16, _ transactionalID: String?, _ mayArriveLate: Bool) {
    let seen = sight(.produce, version, ProduceRequest(transactionalId: transactionalID, acks: -1))
    #expect(seen.changes)
    #expect(seen.mayArriveLate == mayArriveLate)
  }

  @Test(arguments: [(Int16(3), false), (4, false), (5, true)])
  func onlyProtectedEndsMayArriveLate(_ version: Int16, _ mayArriveLate: Bool) {
    #expect(sight(.endTxn, version, EndTxnRequest(transactionalId: "id")).mayArriveLate == mayArriveLate)
  }

  @Test func whatIsNoRequestPasses() {
    let seen = FrameSight(request: ByteSlice(copying: [1, 2, 3]))
    #expect(seen == FrameSight(size: 7, changes: false, mayArriveLate: false))
  }
}
