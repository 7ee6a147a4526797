import ByteCodec
import Compression
import LogStore
package import Machine
package import RecordFormat
package import Units

/// A partition's batches and records as they lie in a data folder: what the segments hold up to the checkpoint, then what
/// the journal holds behind it.
package struct PartitionDump {
  /// What comes next in the log.
  package enum Item {
    /// A batch, where it lies, and its bytes in all.
    case batch(RecordBatchHeader, path: String, position: Int64)
    case record(RecordView)
    /// Something that cannot be read.
    case damage(Finding)
  }

  private let disk: any Disk
  private let reading: FolderReading
  private let key: PartitionKey
  private let scratch = Decompressor()
  private static let window = 1 << 20

  /// The partition `index` of `topic` in the folder on `disk`. Fails where there is none, or the folder cannot be read.
  package init(_ disk: any Disk, topic: String, index: Int32) throws(InspectionError) {
    self.disk = disk
    do throws(RecoveryFailure) {
      reading = try FolderAccess.reading(disk, isLive: true)
    } catch {
      throw InspectionError(.refused, error.description)
    }
    guard let id = reading.state.catalogue.id(of: topic) else {
      let known = reading.state.catalogue.topicsByName.prefix(20).map(\.description.name)
      throw InspectionError(
        .refused, "there is no topic '\(topic)' in this folder; it has: \(known.joined(separator: ", "))")
    }
    key = PartitionKey(topic: id, index: index)
    guard reading.state.partition(key) != nil else {
      throw InspectionError(.refused, "topic '\(topic)' has no partition \(index)")
    }
  }

  /// Gives everything from the batch that holds `offset` on to `visit`, in order, until that answers false. With
  /// `records`, each batch is followed by its records.
  package func run(from offset: Offset, records: Bool, _ visit: (Item) -> Bool) throws(InspectionError) {
    do throws(DiskError) {
      guard let partition = reading.state.partition(key) else { return }
      let from = max(offset, partition.start)
      for (name, extent) in reading.settledSegments() where name.partition == key && extent.end > from {
        guard try segmentGoesOn(name, extent, from: from, records, visit) else { return }
      }
      for frame in reading.frames where frame.header.kind == .batch && frame.header.place.partition == key {
        guard let view = try? RecordBatchView(frame.payload), view.header.lastOffset >= from else { continue }
        let path = SegmentKey(partition: key, base: frame.header.place.segment).logPath
        guard give(view, path, frame.header.place.position.value, from, records, visit) else { return }
      }
    } catch {
      throw InspectionError(.disk, error.description)
    }
  }

  private func segmentGoesOn(
    _ name: SegmentKey, _ extent: SegmentDescription, from: Offset, _ records: Bool, _ visit: (Item) -> Bool
  ) throws(DiskError) -> Bool {
    let path = name.logPath
    guard extent.size.value > 0 else { return true }
    let file = try disk.open(path, .read)
    var at: Int64 = 0
    while at < extent.size.value {
      let left = Int(extent.size.value - at)
      var bytes = try file.read(count: min(left, Self.window), at: FilePosition(at))
      if let header = try? RecordBatchHeader(bytes.bytes), header.totalSize > bytes.count, header.totalSize <= left {
        bytes = try file.read(count: header.totalSize, at: FilePosition(at))
      }
      var walk = RecordBatchWalk(bytes)
      while let view = try? walk.next() {
        guard view.header.lastOffset >= from else { continue }
        guard give(view, path, at + Int64(walk.position - view.bytes.count), from, records, visit) else { return false }
      }
      if walk.position == 0 {
        return visit(
          .damage(
            Finding(
              .segment, .damage, path, bytes: at..<extent.size.value, partition: reading.name(of: key),
              "no batch begins here; see `millrace verify`")))
      }
      at += Int64(walk.position)
    }
    return true
  }

  private func give(
    _ view: RecordBatchView, _ path: String, _ position: Int64, _ from: Offset, _ records: Bool,
    _ visit: (Item) -> Bool
  ) -> Bool {
    guard visit(.batch(view.header, path: path, position: position)) else { return false }
    func damage(_ what: String) -> Bool {
      visit(
        .damage(
          Finding(
            .segment, .damage, path, bytes: position..<position + Int64(view.bytes.count),
            partition: reading.name(of: key),
            offsets: view.header.baseOffset.value...max(view.header.baseOffset.value, view.header.lastOffset.value),
            what)
        ))
    }
    guard view.checksumMatches else { return damage("the batch does not match its CRC") }
    guard records else { return true }
    do {
      var reader = try RecordReader(view, scratch: scratch)
      while let record = try reader.next() {
        if record.offset >= from, !visit(.record(record)) { return false }
      }
      return true
    } catch {
      return damage("its records cannot be read: \(error)")
    }
  }
}
