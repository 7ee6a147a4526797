import Foundation
import Testing

/// The house style, as far as a program can see it.
@Suite struct TidyTests {
  /// A file is split at this length; generated files and tables say on line 1 what they are.
  static let longestFile = 500
  static let noticeableFile = 350
  static let longestFunction = 70

  private let sources: [SourceFile]
  private let tests: [SourceFile]

  init() throws {
    sources = try Repository.sources.get()
    tests = try Repository.tests.get()
  }

  @Test func typesAreNamedAfterWhatTheyAre() {
    let banned = #/\b(?:struct|class|enum|protocol|actor|typealias) \w*(?:Manager|Helper|Util|Common)\w*/#
    #expect((sources + tests).flatMap { $0.places(of: banned) } == [])
  }

  @Test func filesAreShort() {
    let long = (sources + tests).filter { !$0.isMarkedLong && $0.lines.count > Self.longestFile }
    #expect(long.map { "\($0.path): \($0.lines.count) lines" } == [])
    for file in sources + tests where !file.isMarkedLong && file.lines.count > Self.noticeableFile {
      print("tidy: \(file.path) has \(file.lines.count) lines; split it before it has \(Self.longestFile)")
    }
  }

  @Test func functionsAreShort() {
    #expect((sources + tests).filter { !$0.isMarkedLong }.flatMap(Self.longFunctions) == [])
  }

  /// A function ends where a line closes it at its own indentation: swift-format sees to that.
  private static func longFunctions(_ file: SourceFile) -> [String] {
    var found: [String] = []
    for (start, line) in file.code.enumerated() where line.contains("func ") || line.contains("init") {
      if line.hasSuffix("}") { continue }  // it ends where it begins
      guard line.contains(#/^ *(?:@.*\) )?[\w@() ]*\b(?:func|init)\b/#) else { continue }
      let indentation = line.prefix { $0 == " " }
      let rest = file.code[(start + 1)...]
      guard let end = rest.firstIndex(where: { $0 == indentation + "}" }),
        !rest[..<end].contains(where: {
          !$0.isEmpty && !$0.hasPrefix(indentation + " ") && !$0.hasPrefix(indentation + ")")
        })
      else { continue }  // a requirement of a protocol, without a body
      if end - start + 1 > longestFunction { found.append("\(file.path):\(start + 1): \(end - start + 1) lines") }
    }
    return found
  }

  @Test func nothingIsLeftForLater() throws {
    // Spelled so that this file does not find itself.
    let marks = #/\b(?:TO[D]O|FI[X]ME|X[X]X|HA[C]K)\b/#
    let scripts = try Repository.files(below: ["Scripts", "Benchmarks", "Packaging"], endings: [""])
    let clients = try Repository.files(below: ["Torture"], endings: [".py", ".java"])
    #expect((sources + tests + scripts + clients).flatMap { $0.places(inAnyLine: marks) } == [])
  }

  @Test func nothingTraps() {
    let traps = #/\b(?:try|as)!|\bfatalError\(|\bpreconditionFailure\(|\bunsafelyUnwrapped\b/#
    #expect(sources.flatMap { $0.places(of: traps) } == [])
  }

  @Test func unsafeCodeIsOnTheList() throws {
    let unsafe = #/@unchecked Sendable|nonisolated\(unsafe\)|\bUnsafe\w*Pointer\b|\bUnmanaged\b/#
    let using = sources.filter { !$0.places(of: unsafe).isEmpty }.map(\.path)
    let allowed = try Repository.list("unsafe-files.txt")
    #expect(Set(using).subtracting(allowed).sorted() == [], "not in Tests/TidyTests/unsafe-files.txt")
    #expect(Set(allowed).subtracting(using).sorted() == [], "no longer needed in Tests/TidyTests/unsafe-files.txt")
  }

  @Test func foundationStaysOutside() throws {
    let imports = #/^(?:\w+ )?import (?:Foundation|FoundationEssentials)\b/#
    let using = sources.filter { !$0.places(of: imports).isEmpty }.map(\.path)
    #expect(using == (try Repository.list("foundation-files.txt")))
  }

  @Test func testsDoNotSleep() {
    let sleeps = #/\b(?:sleep|usleep|nanosleep|clock_nanosleep)\(|\bTask\.sleep\b/#
    #expect(tests.flatMap { $0.places(of: sleeps) } == [])
  }

  @Test func nothingSpeaksOfOneMachine() throws {
    let scripts = try Repository.files(below: ["Scripts", "Benchmarks", "Packaging", "Schemas"], endings: [""])
    let clients = try Repository.files(below: ["Torture"], endings: [".py", ".java"])
    let documents =
      try ["README.md", "ARCHITECTURE.md", "Makefile", "Package.swift"].map(Repository.file)
      + Repository.files(below: ["docs"], endings: [".md"])
    // Spelled so that this file does not find itself.
    let paths = #/\/(?:wor[k]|roo[t]|hom[e])\//#
    let texts = sources + tests + scripts + clients + documents
    #expect(texts.flatMap { $0.places(inAnyLine: paths) } == [])
  }

  @Test func theStyleIsTheFormattersOwn() throws {
    let formatter = Process()
    formatter.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    formatter.arguments = [
      "swift", "format", "lint", "--strict", "--recursive", "Sources", "Tests", "Fuzzing", "Package.swift",
    ]
    formatter.currentDirectoryURL = URL(fileURLWithPath: Repository.root)
    let findings = Pipe()
    formatter.standardError = findings
    try formatter.run()
    let text = String(decoding: findings.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    formatter.waitUntilExit()
    #expect(formatter.terminationStatus == 0, "\(text)\nmost of it is done by: make format")
  }
}
