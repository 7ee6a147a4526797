import ByteCodec
import Machine
import Units

/// An open file of a simulated disk.
final class SimFile: DiskFile {
  private let disk: SimDisk
  private let node: NodeID
  let path: String
  private let intent: OpenIntent

  init(disk: SimDisk, node: NodeID, path: String, intent: OpenIntent) {
    self.disk = disk
    self.node = node
    self.path = path
    self.intent = intent
  }

  deinit { disk.state.withLock { $0.volume.closed(node) } }

  var descriptor: Int32? { nil }

  private var isWritable: Bool { intent != .read }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int {
    let start = try checked(position, .read)
    return try disk.state.withLock { state throws(DiskError) in
      state.feelPressure()
      let options = state.options
      let isShort = buffer.count > 1 && state.random.chance(permille: options.shortReadsPermille)
      if isShort { state.stoppedShort += 1 }
      let count = isShort ? 1 + state.random.below(buffer.count - 1) : buffer.count
      return try state.look(.read, path) {
        $0.read(node, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: start)
      }
    }
  }

  func readIfCached(
    into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition
  ) throws(DiskError) -> Int? {
    let isCached = disk.state.withLock { !$0.random.chance(permille: $0.options.uncachedPermille) }
    return isCached ? try read(into: buffer, at: position) : nil
  }

  func isCached(from position: FilePosition, count: Int) -> Bool {
    let end = position.advanced(by: ByteCount(count))
    return disk.state.withLock { state in
      Int64(state.volume.files[node]?.size ?? 0) >= end.value
        && !state.random.chance(permille: state.options.uncachedPermille)
    }
  }

  func writeSome(_ slices: ArraySlice<ByteSlice>, at position: FilePosition) throws(DiskError) -> Int {
    let start = try checked(position, .write)
    let total = slices.reduce(0) { $0 + $1.count }
    if !isWritable { throw DiskError(call: .write, path: path, code: Code.badHandle) }
    if total == 0 { return 0 }
    guard intent == .createThrough else { return try writeSome(slices, total, at: start) }
    guard start % DiskBlock.size == 0, slices.allSatisfy(Self.isWholeBlocks) else {
      throw DiskError(call: .write, path: path, code: Code.invalid)
    }
    let written = try writeSome(slices, total, at: start) / DiskBlock.size * DiskBlock.size
    if written == 0 { throw DiskError(call: .write, path: path, code: Code.full) }
    try sync()
    return written
  }

  private static func isWholeBlocks(_ slice: ByteSlice) -> Bool {
    slice.count % DiskBlock.size == 0 && Int(bitPattern: slice.block.base + slice.start) % DiskBlock.size == 0
  }

  /// Into the simulated page cache.
  private func writeSome(_ slices: ArraySlice<ByteSlice>, _ total: Int, at start: Int) throws(DiskError) -> Int {
    if total > SimVolume.largestFile - start { throw DiskError(call: .write, path: path, code: Code.fileTooLarge) }
    return try disk.state.withLock { state throws(DiskError) in
      if state.isCut { throw DiskError(call: .write, path: path, code: DiskError.powerCut) }
      if state.step(.write, path) {
        _ = Result { () throws(DiskError) in try write(slices, limit: state.random.below(total + 1), at: start, &state)
        }
        throw DiskError(call: .write, path: path, code: DiskError.powerCut)
      }
      try state.admit(.write, path)
      state.feelPressure()
      let isShort = total > 1 && state.random.chance(permille: state.options.shortWritesPermille)
      var limit = isShort ? 1 + state.random.below(total - 1) : total
      if intent == .createThrough { limit += (DiskBlock.size - limit % DiskBlock.size) % DiskBlock.size }
      if limit < total { state.stoppedShort += 1 }
      return try write(slices, limit: limit, at: start, &state)
    }
  }

  func sync() throws(DiskError) {
    try disk.state.withLock { state throws(DiskError) in
      do throws(DiskError) {
        try state.mutate(.sync, path) { $0.sync(node) }
      } catch {
        if !error.isPowerCut { state.volume.files[node]?.loseDirty() }
        throw error
      }
    }
  }

  func size() throws(DiskError) -> ByteCount {
    try disk.state.withLock { state throws(DiskError) in
      try state.look(.size, path) { ByteCount($0.files[node]?.size ?? 0) }
    }
  }

  func truncate(to size: ByteCount) throws(DiskError) {
    guard isWritable, size.value >= 0 else { throw DiskError(call: .truncate, path: path, code: Code.invalid) }
    if size.value > SimVolume.largestFile { throw DiskError(call: .truncate, path: path, code: Code.fileTooLarge) }
    try disk.state.withLock { state throws(DiskError) in
      try state.mutate(.truncate, path) { $0.truncate(node, to: Int(size.value)) }
    }
  }

  func reserve(upTo end: FilePosition) throws(DiskError) {
    if !isWritable { throw DiskError(call: .reserve, path: path, code: Code.badHandle) }
    if end.value <= 0 { return }
    if end.value > SimVolume.largestFile { throw DiskError(call: .reserve, path: path, code: Code.fileTooLarge) }
    try disk.state.withLock { state throws(DiskError) in
      try state.mutate(.reserve, path) { volume throws(DiskError) in
        try volume.reserve(node, upTo: Int(end.value), path: path)
      }
    }
  }

  func startWriteback(from position: FilePosition, count: ByteCount) {}

  private func checked(_ position: FilePosition, _ call: DiskError.Call) throws(DiskError) -> Int {
    if position.value < 0 { throw DiskError(call: call, path: path, code: Code.invalid) }
    return Int(position.value)
  }

  /// Writes up to `limit` bytes of `slices`; a full disk after the first byte makes the write short.
  private func write(
    _ slices: ArraySlice<ByteSlice>, limit: Int, at position: Int, _ state: inout SimState
  ) throws(DiskError) -> Int {
    let (target, start) = state.landing(of: node, path, position)
    var done = 0
    for slice in slices where done < limit {
      let part = slice.part(from: 0, count: limit - done)
      if part.isEmpty { continue }
      do {
        let written = try part.withUnsafeBytes { bytes throws(DiskError) in
          try state.volume.write(bytes, to: target, at: start + done, path: path)
        }
        done += written
        if written < part.count { break }
      } catch {
        if done == 0 { throw error }
        break
      }
    }
    return done
  }
}
