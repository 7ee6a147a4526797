import Testing

extension ForeignClientTests {
  /// `millrace explain` looks at groups that foreign clients keep in trouble.
  @Suite(.enabled(if: Tools.python != nil, "the Python clients are not installed")) struct ExplainTests {
    /// A cause as clients make it, and words of the sentence and of the command that helps.
    private static let causes: [(String, String, String)] = [
      ("no_members", "has no members", "millrace consume no_members --group no_members"),
      ("member_never_commits", "stands still where forgetful", "look at the log of forgetful"),
      ("more_members_than_partitions", "has 2 members for 1 partition: 1 of them", "--partitions 2"),
      ("hot_partition", "hot_partition/0 holds", "sort | uniq -c"),
      ("too_slow", "is too slow", "start more members"),
      ("catching_up", "is catching up", ""),
      ("open_transaction", "transaction 'payments' has been open", "millrace txn abort payments"),
      ("rebalance_loop", "; the last one: member-", "millrace group describe rebalance_loop"),
      ("healthy", "has read all there is", ""),
    ]

    @Test func saysWhatIsWrong() throws {
      let scratch = try Scratch()
      let server = try RunningServer(
        folder: scratch.newPath("data"), settings: ["group.initial.rebalance.delay.ms=0"], scratch: scratch)
      for (cause, sentence, command) in Self.causes {
        let clients = try Child(try Tools.client("group_troubles", [server.bootstrap, cause]), scratch: scratch)
        let first = try clients.output.line(within: 120)
        try #require(first == "there", "\(cause): \(clients.errors)")
        let text = try explain(cause, server, [], scratch)
        let lines = text.lines
        print(text.output, terminator: "")
        #expect(text.code == 0 && lines.first?.contains(sentence) == true, "\(cause): \(text.output)\(text.errors)")
        #expect(lines.count == (command.isEmpty ? 1 : 2) && (lines.last ?? "").contains(command), "\(cause): \(lines)")
        clients.closeInput()
        #expect(clients.wait() == 0, "\(cause): \(clients.errors)")
      }
      let unknown = try explain("nobody", server, ["--json"], scratch)
      #expect(unknown.output.contains("\"cause\":\"unknown_group\""), "\(unknown.output)\(unknown.errors)")
      #expect(server.stop() == 0)
    }

    private func explain(
      _ group: String, _ server: RunningServer, _ more: [String], _ scratch: Scratch
    ) throws -> Outcome {
      try run(
        [Tools.millrace, "explain", group, "--for", "3s", "--bootstrap", server.bootstrap] + more, scratch: scratch)
    }
  }
}
