import ByteCodec
import Reactor
import Testing

@Suite struct FrameAssemblerTests {
  /// Feeds `pieces` one after the other and accepts everything.
  private func frames(_ pieces: [[UInt8]]) -> [[UInt8]] {
    var assembler = FrameAssembler()
    var found: [[UInt8]] = []
    for piece in pieces {
      piece.withUnsafeBytes { bytes in
        var rest = bytes
        while true {
          switch assembler.next(&rest) {
          case .needMore: return
          case .announced: assembler.accept()
          case .frame(let slice): found.append(slice.copy())
          }
        }
      }
    }
    return found
  }

  @Test func anySplitGivesTheSameFrames() {
    let bodies = [pattern(5), [], pattern(1), pattern(17, seed: 3)]
    let stream = bodies.flatMap { frame($0) }
    for cut in 0...stream.count {
      for second in cut...stream.count {
        let pieces = [Array(stream[..<cut]), Array(stream[cut..<second]), Array(stream[second...])]
        #expect(frames(pieces) == bodies)
      }
    }
    #expect(frames(stream.map { [$0] }) == bodies)
  }

  @Test func anAnnouncedLengthIsRepeatedUntilAccepted() {
    var assembler = FrameAssembler()
    lengthPrefix(-7).withUnsafeBytes { bytes in
      var rest = bytes
      for _ in 0..<3 {
        guard case .announced(let length) = assembler.next(&rest) else {
          Issue.record("no announcement")
          return
        }
        #expect(length == -7)
        #expect(rest.count == 0)
      }
    }
  }

  @Test func theSpaceForDirectReadsIsTheRestOfTheBody() throws {
    var assembler = FrameAssembler()
    (lengthPrefix(10) + [1, 2, 3]).withUnsafeBytes { bytes in
      var rest = bytes
      _ = assembler.next(&rest)
      #expect(assembler.space == nil)
      assembler.accept()
      _ = assembler.next(&rest)
    }
    let space = try #require(assembler.space)
    #expect(space.count == 7)
    space.copyBytes(from: [4, 5, 6, 7, 8, 9, 10])
    #expect(assembler.advance(by: 6) == nil)
    #expect(assembler.advance(by: 1)?.copy() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    #expect(assembler.space == nil)
  }
}
