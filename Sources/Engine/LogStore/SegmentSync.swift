import Machine
import Units

/// Makes segments and the names in their folders durable, however many there are: a few at a time, so that descriptors
/// last, or, from a number on, all of the volume at once. A sync costs the disk a flush of its cache, whatever there is to
/// write: tens of thousands of them would take minutes and hold up every commit meanwhile.
struct SegmentSync {
  /// Files and folders above which the volume is synced as a whole.
  static let volumeAbove = 256
  /// Files that are held open at the same time.
  private static let atOnce = 32

  let disk: any Disk
  let files: OpenFiles
  let volumeAbove: Int

  /// Makes `segments` and what is in `folders` durable. Fails with what one of them could not do; which of them are
  /// durable then is not known. The indexes are derived: what becomes of them does not matter.
  /// `meanwhile` is run once, as long as nothing fails before; while the disk works, where all of the volume is synced.
  func run(
    segments: [SegmentKey], folders: [String], indexes: [SegmentKey] = [], meanwhile: () -> Void = {}
  ) throws(DiskError) {
    let count = segments.count + folders.count + indexes.count
    if syncsVolume(count: count) {
      if try disk.syncVolume(meanwhile: meanwhile) { return }
    } else {
      meanwhile()
    }
    try syncFew(segments)
    for folder in folders {
      #if PLANTED_BUGS
        if PlantedBug.is(.segmentFoldersNotSynced) { continue }
      #endif
      try disk.syncDirectory(folder)
    }
    for index in indexes {
      _ = Result { () throws(DiskError) in try disk.open(index.indexPath, .create).sync() }
    }
  }

  private func syncsVolume(count: Int) -> Bool {
    #if PLANTED_BUGS
      if PlantedBug.is(.segmentsNotSynced) || PlantedBug.is(.segmentFoldersNotSynced) { return false }
    #endif
    return count > volumeAbove
  }

  private func syncFew(_ segments: [SegmentKey]) throws(DiskError) {
    var rest = segments[...]
    while !rest.isEmpty {
      var handles: [any DiskFile] = []
      for key in rest.prefix(Self.atOnce) { handles.append(try files.log(key, .create)) }
      rest = rest.dropFirst(Self.atOnce)
      for handle in handles { handle.startWriteback(from: FilePosition(0), count: .zero) }
      for handle in handles {
        #if PLANTED_BUGS
          if PlantedBug.is(.segmentsNotSynced) { continue }
        #endif
        try handle.sync()
      }
    }
  }
}
