import Machine

/// A volume and what a test has planned for it.
struct SimState: Sendable {
  /// A write that will land in the wrong place.
  struct Misdirection: Sendable {
    var path: String
    var landingPath: String
    var position: Int
  }

  var volume: SimVolume
  let options: SimDisk.Options
  var random: SeededRandom
  var steps = 0
  var cutStep: Int?
  var isCut = false
  var faults: [SimFault] = []
  var faultsFired = 0
  var stoppedShort = 0
  var misdirections: [Misdirection] = []
  var misdirected = 0
  var sites: [SimSite: Int] = [:]
  var lastSite: SimSite?
  var locks: Set<NodeID> = []

  /// Refuses the call when the power is gone or a fault is set for it.
  mutating func admit(_ call: DiskError.Call, _ path: String) throws(DiskError) {
    if isCut { throw DiskError(call: call, path: path, code: DiskError.powerCut) }
    var code: Int32?
    var index = 0
    while index < faults.count {
      var fault = faults[index]
      if (fault.call ?? call) == call, fault.paths.contains(path) {
        fault.nth -= 1
        if fault.nth <= 0 { code = code ?? fault.code }
        faults[index] = fault
        if fault.nth <= 0, !fault.isSticky {
          faults.remove(at: index)
          continue
        }
      }
      index += 1
    }
    guard let code else { return }
    faultsFired += 1
    throw DiskError(call: call, path: path, code: code)
  }

  /// Counts a mutating call; answers whether the power goes in it.
  mutating func step(_ call: DiskError.Call, _ path: String) -> Bool {
    steps += 1
    if options.countsSites {
      let site = SimSite(call: call, fileClass: options.fileClass(path))
      sites[site, default: 0] += 1
      lastSite = site
    }
    guard cutStep == steps else { return false }
    isCut = true
    return true
  }

  /// Runs a mutating call. When the power goes in it, it has taken effect or not, as the seed decides.
  mutating func mutate<Result>(
    _ call: DiskError.Call, _ path: String, _ body: (inout SimVolume) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    if isCut { throw DiskError(call: call, path: path, code: DiskError.powerCut) }
    if step(call, path) {
      if random.chance(permille: 500) { _ = Swift.Result { () throws(DiskError) in try body(&volume) } }
      throw DiskError(call: call, path: path, code: DiskError.powerCut)
    }
    try admit(call, path)
    return try body(&volume)
  }
}

extension SimState {
  /// Runs a call that changes nothing that a power cut could take; `call` nil asks for no fault.
  mutating func look<Result>(
    _ call: DiskError.Call?, _ path: String, _ body: (inout SimVolume) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    if let call { try admit(call, path) }
    if isCut { throw DiskError(call: .open, path: path, code: DiskError.powerCut) }
    return try body(&volume)
  }

  func exists(_ path: String) -> Bool {
    guard case .success(let place) = Swift.Result(catching: { () throws(DiskError) in try volume.place(path, .open) })
    else { return false }
    return volume.node(at: place) != nil
  }
}
