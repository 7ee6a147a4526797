import Testing
import wiregen

@Suite struct GeneratorTests {
  @Test func committedFilesAreWhatTheSchemasSay() throws {
    let files = try Generator.generate(try SchemaFolder.sources(in: PackageFolder.root + "/Schemas"))
    let folder = PackageFolder.root + "/Sources/Ground/KafkaWire/Generated"
    #expect(try SchemaFolder.names(in: folder) == files.map(\.name))
    #expect(files.count == 83)
    for file in files {
      let committed = try SchemaFolder.read("\(folder)/\(file.name)")
      #expect(committed == file.text, "\(file.name) differs: run `swift run wiregen`")
    }
  }

  @Test(arguments: [
    ("", "the file is empty"),
    ("api x", "api KEY NAME"),
    ("api 1 A versions 0-1\n\nrequest\n  a: int31\n\nresponse\n", "unknown type `int31`"),
    ("api 1 A versions 0-1\n\nrequest\n  a: [B]\n\nresponse\n", "a structure without fields"),
    ("api 1 A versions 0-1\n\nrequest\n  a: int8\n  a: int8\n\nresponse\n", "here twice"),
    ("api 1 A versions 0-1\n\nrequest\n  a: int8 tag\n\nresponse\n", "a tag number"),
    ("api 1 A versions 0-1\n\nresponse\n", "expected `request`"),
    ("table 1", "expected `api` or `topic`"),
  ])
  func brokenSchemaNamesItsProblem(text: String, problem: String) {
    let error = #expect(throws: SchemaError.self) { try Generator.generate([("A.schema", text)]) }
    #expect(error?.problem.contains(problem) == true)
  }

  @Test func versionsBecomeTheShortestQuestion() {
    let known = VersionRange(first: 3, last: 9)
    #expect(versionCondition(known, within: known) == nil)
    #expect(versionCondition(VersionRange(first: 5, last: 9), within: known) == "version >= 5")
    #expect(versionCondition(VersionRange(first: 3, last: 4), within: known) == "version <= 4")
    #expect(versionCondition(VersionRange(first: 5, last: 6), within: known) == "version >= 5 && version <= 6")
  }
}
