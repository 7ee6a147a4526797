import ByteCodec
package import Machine
package import Units

/// A disk in memory that loses, tears and reorders what was not synced, as its seed decides; or, made with `.memory`, a
/// disk that simply keeps its files in memory.
///
/// Calls may come from any thread; the outcome is the seed's alone when they come in the same order. A power cut ends a
/// disk: from then on every call fails with `DiskError.powerCut`, and `afterCrash` makes the disk that is found when the
/// power is back. Closing a file or renaming it makes nothing durable.
package final class SimDisk: Disk {
  package struct Options: Sendable {
    /// Decides everything that is left to chance.
    package var seed: UInt64
    /// What the device writes whole, or not, or torn: 512 or 4096 bytes.
    package var sectorSize: Int
    /// The size of the volume.
    package var capacity: ByteCount
    /// False: every change is durable at once, and nothing is kept to take it back.
    package var keepsHistory = true
    /// How many in a thousand writes stop short, reads come short, and `readIfCached` answers nil.
    package var shortWritesPermille = 0
    package var shortReadsPermille = 0
    package var uncachedPermille = 0
    /// How many in a thousand calls let go of cached bytes that a failed sync left behind.
    package var pressurePermille = 0
    /// Whether `siteCounts` is kept.
    package var countsSites = false
    /// The kind of a file, by its path, for `siteCounts`.
    package var fileClass: @Sendable (_ path: String) -> String = { path in
      let name = path.split(separator: "/").last ?? ""
      return name.split(separator: ".").last.map(String.init) ?? ""
    }

    /// A simulated disk of `capacity` whose chances `seed` decides.
    package init(seed: UInt64 = 0, sectorSize: Int = 512, capacity: ByteCount = .mebi(1 << 20)) {
      self.seed = seed
      self.sectorSize = max(sectorSize, 2)
      self.capacity = capacity
    }

    /// A plain disk in memory of `capacity`, for demonstrations.
    package static func memory(capacity: ByteCount) -> Options {
      var options = Options(capacity: capacity)
      options.keepsHistory = false
      return options
    }
  }

  let state: Locked<SimState>

  /// An empty disk.
  package convenience init(_ options: Options = Options()) {
    let pages = options.capacity.value / Int64(SparseBytes.pageSize)
    let volume = SimVolume(
      pagesTotal: Int(max(pages, 0)), sectorSize: options.sectorSize, keepsHistory: options.keepsHistory)
    self.init(volume, options)
  }

  init(_ volume: SimVolume, _ options: Options) {
    state = Locked(SimState(volume: volume, options: options, random: SeededRandom(seed: options.seed)))
  }

  // MARK: Disk

  package var filesKeptOpen: Int { 4_096 }

  package func open(_ path: String, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    let node = try state.withLock { state throws(DiskError) in
      let makes = intent != .read && intent != .write && !state.exists(path)
      let node =
        makes
        ? try state.mutate(.open, path) { volume throws(DiskError) in try volume.open(path, intent) }
        : try state.look(.open, path) { volume throws(DiskError) in try volume.open(path, intent) }
      state.volume.opened(node)
      return node
    }
    return SimFile(disk: self, node: node, path: path, intent: intent)
  }

  package func makeDirectory(_ path: String) throws(DiskError) {
    try mutate(.makeDirectory, path) { volume throws(DiskError) in try volume.makeDirectory(path) }
  }

  package func syncDirectory(_ path: String) throws(DiskError) {
    try state.withLock { state throws(DiskError) in
      let folder = try state.look(nil, path) { volume throws(DiskError) in try volume.folder(path, .open) }
      do throws(DiskError) {
        try state.mutate(.syncDirectory, path) { $0.makeNamesDurable(in: folder) }
      } catch {
        if !error.isPowerCut { state.volume.names.lose(folder) }
        throw error
      }
    }
  }

  package func syncVolume(meanwhile: () -> Void) throws(DiskError) -> Bool {
    meanwhile()
    return try state.withLock { state throws(DiskError) in
      do throws(DiskError) {
        try state.mutate(.sync, "") { $0.syncAll() }
      } catch {
        if error.isPowerCut { throw error }
        return false
      }
      return true
    }
  }

  package func rename(_ source: String, to destination: String) throws(DiskError) {
    try mutate(.rename, source) { volume throws(DiskError) in try volume.rename(source, to: destination) }
  }

  package func remove(_ path: String) throws(DiskError) {
    try mutate(.remove, path) { volume throws(DiskError) in try volume.remove(path) }
  }

  package func removeDirectory(_ path: String) throws(DiskError) {
    try mutate(.removeDirectory, path) { volume throws(DiskError) in try volume.removeDirectory(path) }
  }

  package func list(_ path: String) throws(DiskError) -> [DirectoryEntry] {
    try state.withLock { state throws(DiskError) in
      try state.look(.list, path) { volume throws(DiskError) in try volume.list(path) }
    }
  }

  package func space() throws(DiskError) -> VolumeSpace {
    try state.withLock { state throws(DiskError) in try state.look(.space, "") { $0.space } }
  }

  package func lock(_ path: String) throws(DiskError) -> (any DiskLock)? {
    let node: NodeID? = try state.withLock { state throws(DiskError) in
      func take(_ volume: inout SimVolume) throws(DiskError) -> NodeID {
        try volume.open(path, .create, .lock)
      }
      let node =
        state.exists(path)
        ? try state.look(.lock, path, take) : try state.mutate(.lock, path, take)
      guard state.locks.insert(node).inserted else { return nil }
      state.volume.opened(node)
      state.volume.truncate(node, to: 0)
      let holder = Array("1\n".utf8)
      _ = try ByteSlice(copying: holder).withUnsafeBytes { bytes throws(DiskError) in
        try state.volume.write(bytes, to: node, at: 0, path: path)
      }
      return node
    }
    return node.map { SimLock(disk: self, node: $0) }
  }

  private func mutate(
    _ call: DiskError.Call, _ path: String, _ body: (inout SimVolume) throws(DiskError) -> Void
  ) throws(DiskError) {
    try state.withLock { state throws(DiskError) in try state.mutate(call, path, body) }
  }
}

/// A lock on a simulated disk; it goes with its last reference.
final class SimLock: DiskLock {
  private let disk: SimDisk
  private let node: NodeID

  init(disk: SimDisk, node: NodeID) {
    self.disk = disk
    self.node = node
  }

  deinit {
    disk.state.withLock { state in
      state.locks.remove(node)
      state.volume.closed(node)
    }
  }
}
