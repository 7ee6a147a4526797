import Machine
package import Units

/// What a test plans for a disk, and what it may ask of it.
extension SimDisk {
  // MARK: Power

  /// Cuts the power now.
  package func cutPower() { state.withLock { $0.isCut = true } }

  /// Lets the power go in the `nth` mutating call from now (1 is the next one). That call fails; it may have taken effect
  /// wholly, in part (a write) or not at all.
  package func cutPower(inStep nth: Int) { state.withLock { $0.cutStep = $0.steps + nth } }

  /// Whether the power is gone.
  package var isCut: Bool { state.withLock { $0.isCut } }

  /// The disk that is found when the power is back: this disk's files with what `fate` leaves of the pending changes. This
  /// disk stays as it is, so one cut can be followed by many fates; it need not be cut first. No plans are carried over.
  package func afterCrash(_ fate: CrashFate) -> SimDisk {
    let (volume, was) = state.withLock { ($0.volume, $0.options) }
    var options = was
    options.seed = fate.seed ^ was.seed
    return SimDisk(volume.afterCrash(fate), options)
  }

  /// The disk as the worst crash now would leave it. Shares all bytes with this one until either changes them.
  package func snapshotDurable() -> SimDisk { afterCrash(.worst) }

  /// Mutating calls so far: writes, syncs, truncations, reservations, changes of names, folder syncs.
  package var stepCount: Int { state.withLock { $0.steps } }

  /// How often each site was reached; kept only with `Options.countsSites`.
  package var siteCounts: [SimSite: Int] { state.withLock { $0.sites } }

  /// How often `site` was reached.
  package func count(of site: SimSite) -> Int { state.withLock { $0.sites[site] ?? 0 } }

  /// The site of the last mutating call; kept only with `Options.countsSites`.
  package var lastSite: SimSite? { state.withLock { $0.lastSite } }

  // MARK: Faults

  /// Sets a fault, in addition to those that are set.
  package func plan(_ fault: SimFault) { state.withLock { $0.faults.append(fault) } }

  /// Takes all faults back that have not struck.
  package func clearFaults() { state.withLock { $0.faults = [] } }

  /// Calls that failed by a fault so far. A loop that fails the Nth call ends when this stays 0.
  package var faultsFired: Int { state.withLock { $0.faultsFired } }

  /// Reads and writes that were stopped short so far.
  package var stoppedShort: Int { state.withLock { $0.stoppedShort } }

  /// Lets the next write to `path` land at `position` of the file `landingPath` (nil: of `path` itself) instead, which
  /// must exist. The writer is told that all went well.
  package func misdirectNextWrite(to path: String, landingAt position: FilePosition, in landingPath: String? = nil) {
    state.withLock {
      $0.misdirections.append(
        .init(path: path, landingPath: landingPath ?? path, position: max(Int(position.value), 0)))
    }
  }

  /// Writes that have landed in the wrong place.
  package var misdirectedWrites: Int { state.withLock { $0.misdirected } }

  /// Makes the volume larger, or smaller; what is on it stays.
  package func setCapacity(_ capacity: ByteCount) {
    state.withLock { $0.volume.pagesTotal = Int(max(capacity.value, 0)) / SparseBytes.pageSize }
  }

  /// Lets go of cached bytes that a failed sync left behind: reads see what the device has.
  package func dropCache() { state.withLock { $0.dropCache() } }
}

extension SimState {
  /// Where a write goes.
  mutating func landing(of node: NodeID, _ path: String, _ position: Int) -> (NodeID, Int) {
    guard let index = misdirections.firstIndex(where: { $0.path == path }) else { return (node, position) }
    let plan = misdirections.remove(at: index)
    guard let target = file(plan.landingPath) else { return (node, position) }
    misdirected += 1
    return (target, plan.position)
  }

  func file(_ path: String) -> NodeID? {
    guard case .success(let place) = Swift.Result(catching: { () throws(DiskError) in try volume.place(path, .open) }),
      let node = volume.node(at: place), !node.isFolder
    else { return nil }
    return node
  }

  mutating func feelPressure() {
    if random.chance(permille: options.pressurePermille) { dropCache() }
  }

  mutating func dropCache() {
    let sectorSize = volume.sectorSize
    for node in volume.dirty { volume.charge(node) { content, _ in content.dropLost(sectorSize: sectorSize) } }
  }
}
