import Glibc

/// `wiregen [SCHEMAS [GENERATED]]`: writes the message types of KafkaWire from the schema files.
let arguments = Array(CommandLine.arguments.dropFirst())
let schemas = arguments.first ?? "Schemas"
let target = arguments.count > 1 ? arguments[1] : "Sources/Ground/KafkaWire/Generated"

do {
  let files = try Generator.generate(try SchemaFolder.sources(in: schemas))
  mkdir(target, 0o755)
  for name in try SchemaFolder.names(in: target) where !files.contains(where: { $0.name == name }) {
    unlink("\(target)/\(name)")
  }
  for file in files { try SchemaFolder.write(file.text, to: "\(target)/\(file.name)") }
  print("wrote \(files.count) files to \(target)")
} catch {
  print("wiregen: \(error)")
  exit(1)
}
