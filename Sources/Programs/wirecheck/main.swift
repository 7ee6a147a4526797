import Glibc
import VectorCheck

/// `wirecheck FILE...`: decodes, compares and encodes every vector of the files.
///
/// Exit code 0 when all passed, 65 when some failed, 66 when a file cannot be read, 64 on wrong usage.
let paths = Array(CommandLine.arguments.dropFirst())
guard !paths.isEmpty, !paths.contains(where: { $0.hasPrefix("-") }) else {
  print("usage: wirecheck FILE...")
  print("Each line of a FILE is a JSON object: a message (api, key, kind, version, hex, json) or a record batch.")
  exit(64)
}

var total = VectorFile.Tally()
for path in paths {
  guard let file = VectorFile(path: path) else {
    print("wirecheck: cannot read \(path): \(String(cString: strerror(errno)))")
    exit(66)
  }
  total = total + file.check { print($0) }
}
print("\(total.passed) passed, \(total.failed) failed")
exit(total.failed == 0 ? 0 : 65)
