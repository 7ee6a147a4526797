import ByteCodec
import LogStore
package import Machine
import RecordFormat
import Units

/// Puts a damaged folder right, as a plan says, and only as far as its losses were accepted by name.
///
/// What is changed is first copied to a folder `repair-N` of the data folder, with a report. Offsets that are given up
/// are never given again: batches without records stand for them.
package struct Repair {
  package struct Report: Sendable {
    /// What was done, a line each.
    package var lines: [String] = []
    /// The folder with the copies; nil when nothing was done.
    package var copies: String?
  }

  private let disk: any Disk
  private var report = Report()

  /// Repairs the folder on `disk`, which no process may have open. Fails without changing anything when the plan gives up
  /// more than `accepted` names.
  package static func run(
    _ disk: any Disk, accepting accepted: [Loss], entropy: any Entropy
  ) throws(InspectionError) -> Report {
    var repair = Repair(disk: disk)
    let lock = try FolderAccess.lock(disk)
    let plan = try RepairPlan(disk)
    let missing = plan.losses.filter { !$0.isCovered(by: accepted) }
    guard missing.isEmpty else {
      throw InspectionError(
        .refused,
        "the repair would also give up \(missing.map(\.description).joined(separator: ", ")); nothing was changed")
    }
    if !plan.isEmpty { try repair.apply(plan, entropy) }
    withExtendedLifetime(lock) {}
    return repair.report
  }

  private init(disk: any Disk) { self.disk = disk }

  private mutating func apply(_ plan: RepairPlan, _ entropy: any Entropy) throws(InspectionError) {
    do throws(DiskError) {
      let folder = try makeFolder()
      report.copies = folder
      var paths = Set(plan.patches.map(\.path) + plan.gaps.flatMap { [$0.key.logPath, $0.key.indexPath] })
      paths.formUnion(Checkpoint.fileNames)
      if plan.journalLoss != nil {
        paths.formUnion(try disk.list(JournalWriter.folder).map { "\(JournalWriter.folder)/\($0.name)" })
      }
      for path in paths.sorted() { try keep(path, in: folder) }
      try disk.syncDirectory(folder)
      try disk.syncDirectory("")
      for patch in plan.patches {
        let file = try disk.open(patch.path, .write)
        try file.write([patch.bytes], at: FilePosition(patch.position))
        try file.sync()
        report.lines.append("restored without loss: \(patch.what)")
      }
    } catch {
      throw InspectionError(.disk, error.description)
    }
    if plan.journalLoss != nil || !plan.gaps.isEmpty { try giveUp(plan, entropy) }
    report.lines += plan.losses.map { "gave up: \($0)" }
    try writeReport()
  }

  private mutating func giveUp(_ plan: RepairPlan, _ entropy: any Entropy) throws(InspectionError) {
    let result: Result<Void, RecoveryFailure> = Result { () throws(RecoveryFailure) in
      var repair = try FolderRepair(disk, entropy: entropy, clock: SystemClock(), loss: plan.journalLoss)
      do throws(DiskError) {
        for (key, gaps) in Dictionary(grouping: plan.gaps, by: \.key).sorted(by: { $0.key < $1.key }) {
          guard let partition = repair.state.partition(key.partition),
            let segment = partition.segments.first(where: { $0.base == key.base && $0.generation == key.generation })
          else { continue }
          let epoch = partition.epochs.epoch(at: key.base) ?? 0
          try repair.replace(key, with: try content(of: key, size: segment.size, without: gaps, epoch: epoch))
        }
        try repair.finish()
      } catch {
        throw .disk(error)
      }
    }
    if case .failure(let failure) = result {
      throw InspectionError(.refused, "\(failure); copies of what was changed are in \(report.copies ?? "")")
    }
  }

  /// The segment's bytes with batches without records in the place of `gaps`.
  private func content(
    of key: SegmentKey, size: ByteCount, without gaps: [RepairPlan.Gap], epoch: Int32
  ) throws(DiskError) -> ByteSlice {
    let whole = (try FolderAccess.content(key.logPath, on: disk) ?? .empty).part(from: 0, count: Int(size.value))
    var writer = ByteWriter(capacity: whole.count + 256)
    var at = 0
    for gap in gaps.sorted(by: { $0.bytes.lowerBound < $1.bytes.lowerBound }) {
      let start = Int(gap.bytes.lowerBound)
      whole.part(from: at, count: start - at).withUnsafeBytes { writer.writeBytes($0) }
      let offsets = Offset(gap.offsets.lowerBound)...Offset(gap.offsets.upperBound)
      AcceptedLoss.placeholder(offsets, epoch: epoch)?.withUnsafeBytes { writer.writeBytes($0) }
      at = Int(gap.bytes.upperBound)
    }
    whole.dropping(at).withUnsafeBytes { writer.writeBytes($0) }
    return writer.takeSlice()
  }

  // MARK: Copies

  private func makeFolder() throws(DiskError) -> String {
    let names = Set(try disk.list("").map(\.name))
    var number = 1
    while names.contains("repair-\(number)") { number += 1 }
    try disk.makeDirectory("repair-\(number)")
    return "repair-\(number)"
  }

  private func keep(_ path: String, in folder: String) throws(DiskError) {
    guard let content = try FolderAccess.content(path, on: disk) else { return }
    let name = String(path.map { $0 == "/" ? "@" : $0 })
    let file = try disk.open("\(folder)/\(name)", .create)
    try file.write([content], at: FilePosition(0))
    try file.sync()
  }

  private func writeReport() throws(InspectionError) {
    guard let folder = report.copies else { return }
    let text = report.lines.joined(separator: "\n") + "\n"
    do throws(DiskError) {
      let file = try disk.open("\(folder)/report.txt", .create)
      try file.write([ByteSlice(copying: Array(text.utf8))], at: FilePosition(0))
      try file.sync()
      try disk.syncDirectory(folder)
    } catch {
      throw InspectionError(.disk, error.description)
    }
  }
}
