import Machine
import Testing

@Suite struct DiskPathTests {
  @Test func namesAreSplit() throws {
    #expect(try DiskPath.names("", for: .open) == [])
    #expect(try DiskPath.names("a/b.c", for: .open) == ["a", "b.c"])
  }

  @Test(arguments: ["..", "a/../b", ".", "/a", "a/", "a//b", "a\0b"])
  func pathsThatLeaveOrConfuseAreRefused(_ path: String) {
    #expect(throws: DiskError(call: .remove, path: path, code: 22)) { try DiskPath.names(path, for: .remove) }
    #expect(throws: DiskError(call: .remove, path: path, code: 22)) { try DiskPath.checkBelow(path, for: .remove) }
  }

  @Test func theFolderItselfHasNoNameToActOn() {
    #expect(throws: DiskError(call: .remove, path: "", code: 22)) { try DiskPath.namesBelow("", for: .remove) }
    #expect(throws: DiskError(call: .remove, path: "", code: 22)) { try DiskPath.checkBelow("", for: .remove) }
  }

  @Test(arguments: ["a", "a.b/.c", "...", "a/..b", "a../b..", "a b/é"])
  func pathsOfPlainNamesPass(_ path: String) {
    #expect(throws: Never.self) { try DiskPath.checkBelow(path, for: .open) }
  }

  @Test func overlongNamesAreRefused() {
    let name = String(repeating: "n", count: 256)
    #expect(throws: DiskError(call: .open, path: name, code: 36)) { try DiskPath.names(name, for: .open) }
    #expect(throws: Never.self) { try DiskPath.names(String(name.dropLast()), for: .open) }
  }
}
