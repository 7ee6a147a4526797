import Testing

extension EndToEndTests {
  /// A short run of what `make torture` does at length, with the Python clients alone.
  @Suite(.enabled(if: Tools.python != nil, "the Python clients are not installed")) struct TortureTests {
    /// The verdict is clean, and the judge names every defect that is put into this history.
    @Test func aShortRunIsCleanAndItsJudgeIsProved() throws {
      let scratch = try Scratch()
      let outcome = try run(
        [
          Tools.torture, "run", "--folder", scratch.newPath("run"), "--seconds", "12", "--rate", "60", "--binary",
          Tools.millrace, "--clients", Tools.package + "/Torture", "--python", try #require(Tools.python),
        ], seconds: 300, scratch: scratch)
      #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
      #expect(outcome.lines.last == "ok", "\(outcome.output)")
      print(outcome.output)
    }
  }
}
