import Terminal
import Testing

@Suite struct ArgumentsTests {
  private let options = [
    Option("partitions", letter: "p", value: "N", ""), Option("config", value: "NAME=VALUE", isRepeatable: true, ""),
    Option("json", ""), Option("from", value: "PLACE", ""),
    Option("bootstrap", value: "HOST", environment: "WHERE", ""),
  ]

  private func read(_ raw: String...) throws(UsageError) -> Arguments { try Arguments(raw, options: options) }

  @Test func readsWordsAndOptionsInAnyOrder() throws {
    let given = try read("a", "--partitions", "3", "b", "--json")
    #expect(given.words == ["a", "b"])
    #expect(given.has("json") && !given.has("from"))
  }

  @Test func readsBothFormsOfAValue() throws {
    #expect(try read("--partitions", "3").integer("partitions", in: 1...9) == 3)
    #expect(try read("--partitions=3").integer("partitions", in: 1...9) == 3)
    #expect(try read("-p", "3").integer("partitions", in: 1...9) == 3)
  }

  @Test func aValueMayBeginWithADash() throws {
    #expect(try read("--from", "-1h").text("from") == "-1h")
  }

  @Test func nothingIsAnOptionAfterTwoDashes() throws {
    #expect(try read("--json", "--", "--from").words == ["--from"])
  }

  @Test func repeatsAndPairs() throws {
    let given = try read("--config", "a=1", "--config", "b=x=y")
    let pairs = try given.pairs("config")
    #expect(pairs.map(\.name) == ["a", "b"])
    #expect(pairs.map(\.value) == ["1", "x=y"])
    #expect(throws: UsageError.self) { try read("--config", "=1").pairs("config") }
  }

  @Test func guessesWhatWasMeant() {
    #expect(throws: UsageError("there is no option --partitons; did you mean --partitions?")) {
      try read("--partitons", "3")
    }
    #expect(throws: UsageError("there is no option --zzz")) { try read("--zzz") }
  }

  @Test func refusesWhatIsNotComplete() {
    #expect(throws: UsageError("--from needs PLACE")) { try read("--from") }
    #expect(throws: UsageError("--json takes no value")) { try read("--json=1") }
    #expect(throws: UsageError("--from is given twice")) { try read("--from", "1", "--from", "2") }
    #expect(throws: UsageError.self) { try read("-p", "0").integer("partitions", in: 1...9) }
    #expect(throws: UsageError("TOPIC is missing")) { try read().words("TOPIC") }
    #expect(throws: UsageError("'b' is one argument too many")) { try read("a", "b").words("TOPIC") }
  }

  @Test func theEnvironmentStandsInForAnOption() throws {
    let environment = { (name: String) in name == "WHERE" ? "there" : nil }
    #expect(try Arguments([], options: options, environment: environment).text("bootstrap") == "there")
    let given = try Arguments(["--bootstrap", "here"], options: options, environment: environment)
    #expect(given.text("bootstrap") == "here")
  }
}
