// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .defaultIsolation(nil),
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"), .enableExperimentalFeature("Lifetimes"),
  .define("PLANTED_BUGS", .when(traits: ["PlantedBugs"])),
  // An eighth of the produce path's instructions; debug builds, which the sanitizers run, keep the checks.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A well-kept C library of the system; `apt` is the Debian package that brings its header.
func cLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// A room: one target, whose dependencies are the only arrows the compiler lets it have.
func room(_ name: String, in floor: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: strict)
}

/// A program: a thin shell around rooms. `shipped` ones carry the Swift runtime in them, whatever the rest is built for:
/// so the tests, which need the shared runtime, and the release binaries come out of one build of the rooms. A test
/// cannot link a shipped program: what is worth a unit test belongs in a room.
func program(_ name: String, shipped: Bool = false, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Sources/Programs/\(name)", swiftSettings: strict,
    linkerSettings: shipped ? [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))] : [])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let package = Package(
  name: "millrace",
  products: [
    .executable(name: "millrace", targets: ["millrace"]),
    .executable(name: "wirecheck", targets: ["wirecheck"]),
    .library(name: "MillraceServer", targets: ["MillraceServer"]),
  ],
  traits: [
    .trait(name: "PlantedBugs", description: "Defects planted on purpose, to prove that the tests find them."),
    .default(enabledTraits: []),
  ],
  targets: [
    cLibrary("CISAL", pkgConfig: "libisal", apt: "libisal-dev"),
    cLibrary("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    cLibrary("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
    cLibrary("CSnappy", pkgConfig: "snappy", apt: "libsnappy-dev"),
    cLibrary("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    cLibrary("CMicroHTTPD", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
    cLibrary("CRE2Library", pkgConfig: "re2", apt: "libre2-dev"),
    .target(name: "CRE2", dependencies: ["CRE2Library"], path: "Sources/System/CRE2"),
    .target(name: "CLinux", path: "Sources/System/CLinux", cSettings: [.define("_GNU_SOURCE")]),

    room("Units", in: "Ground", []),
    room("ByteCodec", in: "Ground", ["Units", "CISAL"]),
    room("Compression", in: "Ground", ["ByteCodec", "CZstd", "CLZ4", "CSnappy", "CZlib"]),
    room("Machine", in: "Ground", ["Units", "ByteCodec", "CLinux"]),
    room("Reactor", in: "Ground", ["Units", "ByteCodec", "Machine", "CLinux"]),
    room("Metrics", in: "Ground", []),
    room("KafkaWire", in: "Ground", ["Units", "ByteCodec"]),

    room("RecordFormat", in: "Engine", ["Units", "ByteCodec", "Compression"]),
    room("Settings", in: "Engine", ["Units"]),
    room("Coordination", in: "Engine", ["Units", "ByteCodec", "KafkaWire", "CRE2"]),
    room("LogStore", in: "Engine", ["Units", "ByteCodec", "Compression", "Machine", "Metrics", "RecordFormat"]),
    room(
      "Inspection", in: "Engine",
      ["Units", "ByteCodec", "Compression", "Machine", "RecordFormat", "LogStore"]),
    room(
      "Broker", in: "Engine",
      [
        "Units", "ByteCodec", "Compression", "Machine", "Metrics", "KafkaWire", "RecordFormat", "LogStore", "Settings",
        "Coordination",
      ]),

    room(
      "KafkaDoor", in: "Doors",
      [
        "Units", "ByteCodec", "Compression", "Machine", "Metrics", "Reactor", "RecordFormat", "Settings", "LogStore",
        "Broker", "KafkaWire", "Coordination",
      ]),
    room("HTTPFront", in: "Doors", ["Machine", "Reactor", "CMicroHTTPD"]),

    room(
      "KafkaClient", in: "Client",
      ["Units", "ByteCodec", "Compression", "Machine", "CLinux", "RecordFormat", "KafkaWire"]),

    room("Terminal", in: "Client", ["Units", "ByteCodec"]),

    room("SimMachine", in: "Testing", ["Units", "ByteCodec", "Machine"]),
    room(
      "Simulation", in: "Testing",
      [
        "Units", "ByteCodec", "Compression", "Machine", "SimMachine", "RecordFormat", "Settings", "KafkaWire",
        "Coordination", "LogStore", "Broker",
      ]),

    room(
      "Conversation", in: "Testing",
      [
        "Units", "ByteCodec", "Machine", "Reactor", "SimMachine", "RecordFormat", "Settings", "KafkaWire", "LogStore",
        "Broker", "KafkaDoor",
      ]),

    room("WireClient", in: "Testing", ["Units", "ByteCodec", "KafkaWire", "CLinux"]),
    room("TestFixtures", in: "Testing", ["Machine", "CLinux"]),

    .target(
      name: "MillraceServer",
      dependencies: [
        "Units", "ByteCodec", "Machine", "Metrics", "Reactor", "Settings", "LogStore", "Coordination", "Broker",
        "KafkaWire", "KafkaDoor", "HTTPFront", "SimMachine", "CLinux",
      ],
      path: "Sources/Server/MillraceServer", swiftSettings: strict),

    room("TraceJudge", in: "Tools", ["Units", "ByteCodec", "KafkaWire", "RecordFormat"]),
    room("Measuring", in: "Tools", []),
    room("Judge", in: "Tools", []),
    room("Faults", in: "Tools", ["Units", "ByteCodec", "Machine", "SimMachine", "Reactor", "KafkaWire"]),
    room(
      "Load", in: "Tools",
      [
        "Units", "ByteCodec", "Compression", "Machine", "CLinux", "RecordFormat", "KafkaWire", "KafkaClient",
        "Terminal", "Measuring",
      ]),
    room(
      "Limits", in: "Tools",
      [
        "Units", "ByteCodec", "Compression", "Machine", "Reactor", "CLinux", "RecordFormat", "KafkaWire", "WireClient",
        "Terminal", "Measuring",
      ]),
    room("Torture", in: "Tools", ["Units", "Machine", "Reactor", "CLinux", "Judge", "Faults"]),
    room("VectorCheck", in: "Tools", ["Units", "ByteCodec", "Compression", "KafkaWire", "RecordFormat"]),

    program(
      "millrace", shipped: true,
      [
        "MillraceServer", "KafkaClient", "Terminal", "Units", "ByteCodec", "Compression", "Machine", "RecordFormat",
        "KafkaWire", "Settings", "Inspection",
      ]),
    program("wiregen", []),
    program("wirecheck", shipped: true, ["VectorCheck"]),
    program("simulate", ["Units", "LogStore", "Machine", "Reactor", "Simulation"]),
    program("tracejudge", ["TraceJudge"]),
    program("torture", ["Judge", "Torture"]),
    program("limits", ["Limits"]),
    program("loadgen", ["Load", "Terminal"]),

    tests("JudgeTests", ["Judge"]),
    tests("TortureTests", ["Judge", "Torture"]),
    tests("FaultsTests", ["Units", "ByteCodec", "Machine", "Reactor", "KafkaWire", "Faults"]),
    tests("CompressionTests", ["ByteCodec", "Compression"]),
    tests("SettingsTests", ["Settings"]),
    .testTarget(
      name: "RecordFormatTests", dependencies: ["Units", "ByteCodec", "Compression", "RecordFormat"],
      exclude: ["Vectors"], swiftSettings: strict),
    tests("MachineTests", ["Machine", "SimMachine", "Units", "ByteCodec", "TestFixtures"]),
    tests("SimMachineTests", ["SimMachine", "Machine", "Units", "ByteCodec"]),
    tests("ReactorTests", ["Units", "ByteCodec", "Machine", "Reactor"]),
    tests("SimulationTests", ["Machine", "SimMachine", "Simulation"]),
    tests("ByteCodecTests", ["Units", "ByteCodec"]),
    tests(
      "LogStoreTests",
      [
        "Units", "ByteCodec", "Compression", "Machine", "SimMachine", "RecordFormat", "LogStore",
      ]),
    .testTarget(
      name: "KafkaWireTests", dependencies: ["Units", "ByteCodec", "KafkaWire", "wiregen", "VectorCheck"],
      exclude: ["Vectors"], swiftSettings: strict),
    tests(
      "KafkaClientTests", ["Units", "ByteCodec", "Compression", "Machine", "RecordFormat", "KafkaWire", "KafkaClient"]),
    tests(
      "TraceJudgeTests", ["Units", "ByteCodec", "Compression", "KafkaWire", "RecordFormat", "TraceJudge"]),
    tests("TerminalTests", ["ByteCodec", "Terminal"]),
    tests(
      "KafkaDoorTests",
      [
        "Units", "ByteCodec", "Compression", "Machine", "SimMachine", "RecordFormat", "Reactor", "Settings", "LogStore",
        "Broker", "KafkaWire", "KafkaDoor", "MillraceServer", "TestFixtures",
      ]),
    tests("ConversationTests", ["Units", "ByteCodec", "Compression", "RecordFormat", "KafkaWire", "Conversation"]),
    tests("MetricsTests", ["Metrics"]),
    tests("MeasuringTests", ["Measuring"]),
    tests("LimitsTests", ["Limits", "Measuring", "MillraceServer"]),
    tests(
      "LoadTests", ["ByteCodec", "KafkaWire", "RecordFormat", "Terminal", "MillraceServer", "Load"]),
    .testTarget(
      name: "CoordinationTests", dependencies: ["Units", "ByteCodec", "KafkaWire", "Coordination"],
      exclude: ["Transcripts"], swiftSettings: strict),
    tests(
      "BrokerTests",
      [
        "Units", "ByteCodec", "Compression", "Machine", "RecordFormat", "KafkaWire", "Settings", "Coordination",
        "LogStore", "Broker", "SimMachine",
      ]),
    tests("HTTPFrontTests", ["HTTPFront", "Machine", "TestFixtures"]),
    tests(
      "InspectionTests",
      ["Units", "ByteCodec", "Compression", "Machine", "RecordFormat", "LogStore", "Inspection", "SimMachine"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["TestFixtures"], path: "Tests/EndToEnd", exclude: ["clients"],
      swiftSettings: strict),
    .testTarget(
      name: "TidyTests", dependencies: [], path: "Tests/TidyTests",
      exclude: ["unsafe-files.txt", "foundation-files.txt"], swiftSettings: strict),
    tests(
      "MillraceServerTests",
      ["Units", "ByteCodec", "Machine", "RecordFormat", "KafkaClient", "Inspection", "MillraceServer", "TestFixtures"]),
    tests(
      "KafkaAdminTests",
      ["Units", "ByteCodec", "Compression", "KafkaWire", "RecordFormat", "MillraceServer", "WireClient"]),
  ],
  cxxLanguageStandard: .cxx17
)

// Fuzz targets link only with libFuzzer: `Scripts/fuzz` asks for them.
if Context.environment["MILLRACE_FUZZ"] != nil {
  func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) {
    package.targets.append(
      .executableTarget(name: name, dependencies: dependencies, path: "Fuzzing/\(name)", swiftSettings: strict))
  }
  fuzzer("FuzzRequests", ["ByteCodec", "KafkaWire"])
  fuzzer("FuzzBatches", ["ByteCodec", "Compression", "RecordFormat"])
  fuzzer("FuzzStorage", ["Units", "ByteCodec", "LogStore"])
  fuzzer(
    "FuzzFolder",
    ["Units", "ByteCodec", "Compression", "Machine", "SimMachine", "RecordFormat", "LogStore", "Inspection"])
  fuzzer("FuzzSettings", ["Settings"])
  fuzzer("FuzzConnection", ["Units", "ByteCodec", "Compression", "RecordFormat", "KafkaWire", "Conversation"])
  fuzzer("FuzzCoordinators", ["ByteCodec", "KafkaWire", "LogStore", "Coordination", "Broker"])
}
