import Glibc
import Machine
import Terminal
import Units

extension Command {
  private static let options = [
    Option("syncs", value: "N", "how many syncs to measure (200 if left out)"),
    Option("json", "one JSON object a line"),
  ]

  /// `millrace doctor`
  static let doctor = Command(
    "doctor",
    summary: "examine the machine and the disk under a data folder",
    help: """
      usage: millrace doctor [DIR] [options]

      Looks at what a server on DIR (./millrace-data if left out; it is made where there is none) would stand on: the
      file system, whether syncs reach the disk and how long they take, room, descriptors, cores and memory. A scratch
      file is written and removed. Ends with 65 when something makes acknowledged data unsafe.

      \(Option.list(options))

      examples
        millrace doctor
        millrace doctor /var/lib/millrace --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options)
    guard given.words.count <= 1 else { throw UsageError("'\(given.words[1])' is one argument too many") }
    let disk = try DataFolder.make(given.words.first ?? "./millrace-data")
    let count = try given.integer("syncs", in: 20...10_000) ?? 200
    let examination: Examination
    do throws(DiskError) {
      examination = try Examination(disk, syncs: count)
    } catch {
      throw CommandFailure(.disk, error.description)
    }
    let output = Output()
    for fact in examination.facts {
      output.write((given.has("json") ? fact.json.line : fact.line) + "\n")
    }
    output.flush()
    return examination.facts.contains { $0.verdict == .unsafe } ? .badData : .done
  }
}

/// What `millrace doctor` found.
private struct Examination {
  enum Verdict: String { case good, look, unsafe }

  struct Fact {
    var name: String
    var value: String
    var verdict: Verdict
    var advice: String?

    var line: String { "\(verdict.rawValue): \(name): \(value)" + (advice.map { "\n  \($0)" } ?? "") }

    var json: JSONText {
      .object([
        ("name", .string(name)), ("value", .string(value)), ("verdict", .string(verdict.rawValue)),
        ("advice", .optional(advice)),
      ])
    }
  }

  private(set) var facts: [Fact] = []
  /// A median below this says that syncs do not reach a device.
  private static let honestMicroseconds: Int64 = 30

  init(_ disk: POSIXDisk, syncs: Int) throws(DiskError) {
    let volume = try disk.volumeFacts()
    facts.append(Self.fileSystem(volume))
    addSyncs(try disk.measureSyncs(count: syncs).map(\.microseconds).sorted(), volume)
    addSpace(try disk.space())
    addLimits()
  }

  private static func fileSystem(_ volume: VolumeFacts) -> Fact {
    switch volume.kind {
    case .local: Fact(name: "file system", value: volume.fileSystem, verdict: .good)
    case .memory:
      Fact(
        name: "file system", value: volume.fileSystem, verdict: .unsafe,
        advice: "it is in memory: everything is gone with the power; put the data folder on a disk")
    case .overlay:
      Fact(
        name: "file system", value: volume.fileSystem, verdict: .look,
        advice: "layers of a container: mounted volatile, its syncs do nothing; put the data folder on a volume")
    case .network:
      Fact(
        name: "file system", value: volume.fileSystem, verdict: .look,
        advice: "it is on another machine: syncs and locks mean what that machine makes of them; a local disk is better"
      )
    case .unknown:
      Fact(
        name: "file system", value: volume.fileSystem, verdict: .look,
        advice: "it is not known here; ext4 and XFS are tried")
    }
  }

  private mutating func addSyncs(_ sorted: [Int64], _ volume: VolumeFacts) {
    guard let longest = sorted.last else { return }
    let median = sorted[sorted.count / 2]
    let p99 = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
    let value = "median \(median) us, 99 % within \(p99) us, longest \(longest) us, of \(sorted.count) syncs"
    if median < Self.honestMicroseconds, volume.kind != .memory {
      facts.append(
        Fact(
          name: "sync", value: value, verdict: .look,
          advice: "so fast that they probably do not reach the disk: what is acknowledged may be lost with the power. "
            + "Look for eatmydata, a volatile mount or a write cache without a battery"))
    } else if median > 20_000 {
      facts.append(
        Fact(
          name: "sync", value: value, verdict: .look,
          advice:
            "slow: every acknowledgement waits this long; producers that batch and keep several requests under way "
            + "hardly notice"))
    } else {
      facts.append(Fact(name: "sync", value: value, verdict: .good))
    }
  }

  private mutating func addSpace(_ space: VolumeSpace) {
    let free = space.available.value
    let used = space.total.value > 0 ? 100 - free / max(space.total.value / 100, 1) : 100
    let value = "\(NumberText.bytes(free)) free of \(NumberText.bytes(space.total.value))"
    let isTight = used >= 85 || free < 2 << 30
    facts.append(
      Fact(
        name: "room", value: value, verdict: isTight ? .look : .good,
        advice: isTight ? "little: the journal alone takes up to 512 MiB, and writes stop when the disk is full" : nil))
  }

  private mutating func addLimits() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    // The server raises its soft limit to the hard one.
    let isLow = limit.rlim_max < 8_192
    facts.append(
      Fact(
        name: "descriptors", value: "\(limit.rlim_max)", verdict: isLow ? .look : .good,
        advice: isLow
          ? "segments and connections share them; raise the limit (LimitNOFILE= in the unit, or ulimit -Hn)" : nil))
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    facts.append(
      Fact(
        name: "cores", value: "\(cores)", verdict: cores < 2 ? .look : .good,
        advice: cores < 2 ? "with one core, requests wait while the disk's threads work" : nil))
    let memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    let isSmall = memory < 1 << 30
    facts.append(
      Fact(
        name: "memory", value: NumberText.bytes(memory), verdict: isSmall ? .look : .good,
        advice: isSmall ? "little: readers of older records wait for the disk" : nil))
  }
}

extension Duration {
  /// Whole microseconds.
  fileprivate var microseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }
}
