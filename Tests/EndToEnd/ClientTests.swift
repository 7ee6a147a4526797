import Testing

extension ForeignClientTests {
  /// Each script of `clients` ends with 0 when the client saw what it expects, and says on standard error what it missed.
  @Suite(.enabled(if: Tools.python != nil, "the Python clients are not installed")) struct ClientTests {
    @Test(arguments: ["kafka_python_client", "aiokafka_client", "confluent_client"])
    func producesConsumesAndAdministers(script: String) throws {
      let scratch = try Scratch()
      let server = try RunningServer(folder: scratch.newPath("data"), scratch: scratch)
      let outcome = try run(try Tools.client(script, [server.bootstrap]), seconds: 120, scratch: scratch)
      #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
      #expect(server.stop() == 0)
    }
  }
}
