import Machine
import Units

/// The calls on names, with the answers Linux gives.
extension SimVolume {
  mutating func open(_ path: String, _ intent: OpenIntent, _ call: DiskError.Call = .open) throws(DiskError) -> NodeID {
    let place = try place(path, call)
    if let node = node(at: place) {
      if intent == .createNew { throw DiskError(call: call, path: path, code: Code.exists) }
      if node.isFolder { throw DiskError(call: call, path: path, code: Code.isFolder) }
      return node
    }
    guard intent != .read, intent != .write else {
      throw DiskError(call: call, path: path, code: Code.missing)
    }
    let node = newFile()
    change([(place, node)])
    return node
  }

  mutating func makeDirectory(_ path: String) throws(DiskError) {
    if path.isEmpty { return }
    let place = try place(path, .makeDirectory)
    if let node = node(at: place) {
      if !node.isFolder { throw DiskError(call: .makeDirectory, path: path, code: Code.exists) }
      return
    }
    change([(place, newFolder())])
  }

  mutating func remove(_ path: String) throws(DiskError) {
    let place = try place(path, .remove)
    guard let node = node(at: place) else { throw DiskError(call: .remove, path: path, code: Code.missing) }
    if node.isFolder { throw DiskError(call: .remove, path: path, code: Code.isFolder) }
    change([(place, nil)])
  }

  mutating func removeDirectory(_ path: String) throws(DiskError) {
    let place = try place(path, .removeDirectory)
    guard let node = node(at: place) else { throw DiskError(call: .removeDirectory, path: path, code: Code.missing) }
    guard let folder = folders[node] else {
      throw DiskError(call: .removeDirectory, path: path, code: Code.notFolder)
    }
    if !folder.entries.isEmpty { throw DiskError(call: .removeDirectory, path: path, code: Code.notEmpty) }
    change([(place, nil)])
  }

  mutating func rename(_ source: String, to destination: String) throws(DiskError) {
    func refuse(_ code: Int32) -> DiskError { DiskError(call: .rename, path: source, code: code) }
    try DiskPath.checkBelow(source, for: .rename)
    try DiskPath.checkBelow(destination, for: .rename)
    let from = try place(source, .rename)
    let to: NameOperation.Place
    do throws(DiskError) { to = try place(destination, .rename) } catch { throw refuse(error.code) }
    guard let node = node(at: from) else { throw refuse(Code.missing) }
    if node.isFolder, destination.hasPrefix(source + "/") { throw refuse(Code.invalid) }
    if source.hasPrefix(destination + "/") { throw refuse(Code.notEmpty) }
    if let old = self.node(at: to) {
      if old == node { return }
      if node.isFolder, !old.isFolder { throw refuse(Code.notFolder) }
      if !node.isFolder, old.isFolder { throw refuse(Code.isFolder) }
      if let folder = folders[old], !folder.entries.isEmpty { throw refuse(Code.notEmpty) }
    }
    change([(from, nil), (to, node)])
  }

  func list(_ path: String) throws(DiskError) -> [DirectoryEntry] {
    let entries = folders[try folder(path, .list)]?.entries ?? [:]
    return entries.map { DirectoryEntry(name: $0.key, isDirectory: $0.value.isFolder) }.sorted { $0.name < $1.name }
  }

  var space: VolumeSpace {
    let page = Int64(SparseBytes.pageSize)
    return VolumeSpace(
      total: ByteCount(Int64(pagesTotal) * page), available: ByteCount(Int64(max(pagesTotal - usedPages, 0)) * page))
  }
}

/// The calls on open files.
extension SimVolume {
  /// Writes as much of `source` as there is room for; fails with ENOSPC when there is room for none.
  mutating func write(
    _ source: UnsafeRawBufferPointer, to node: NodeID, at position: Int, path: String
  ) throws(DiskError) -> Int {
    if source.isEmpty { return 0 }
    let count = room(in: node, at: position, for: source.count)
    if count == 0 { throw DiskError(call: .write, path: path, code: Code.full) }
    charge(node) { $0.write(UnsafeRawBufferPointer(rebasing: source[..<count]), at: position, keepsHistory: $1) }
    return count
  }

  /// How many of `wanted` bytes at `position` the volume has room for, to the end of a page.
  private func room(in node: NodeID, at position: Int, for wanted: Int) -> Int {
    let free = pagesTotal - usedPages
    func fits(_ count: Int) -> Bool { (files[node]?.pagesNeeded(position..<position + count) ?? 0) <= free }
    if fits(wanted) { return wanted }
    var count = 0
    while count < wanted {
      let longer = min(count + SparseBytes.pageSize - (position + count) % SparseBytes.pageSize, wanted)
      if !fits(longer) { break }
      count = longer
    }
    return count
  }

  mutating func truncate(_ node: NodeID, to size: Int) {
    charge(node) { $0.truncate(to: size, keepsHistory: $1) }
  }

  mutating func reserve(_ node: NodeID, upTo end: Int, path: String) throws(DiskError) {
    guard let content = files[node] else { return }
    let pages = SimContent.pages(end)
    if content.pagesNeeded(reserving: pages) > pagesTotal - usedPages {
      throw DiskError(call: .reserve, path: path, code: Code.full)
    }
    charge(node) { $0.reserve(pages: pages, keepsHistory: $1) }
  }

  mutating func sync(_ node: NodeID) {
    files[node]?.makeDurable(sectorSize: sectorSize)
    if files[node]?.isDirty == false, files[node]?.isListed == true {
      files[node]?.isListed = false
      dirty.removeAll { $0 == node }
    }
  }

  mutating func syncAll() {
    for node in dirty { sync(node) }
    for folder in Set(names.operations.flatMap { $0.parts.map(\.folder) }) { makeNamesDurable(in: folder) }
  }

  func read(_ node: NodeID, into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
    guard let content = files[node], position < content.size else { return 0 }
    let count = min(buffer.count, content.size - position)
    content.bytes.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: position)
    return count
  }

  /// Changes a file, and counts its pages and its dirt.
  mutating func charge(_ node: NodeID, _ body: (inout SimContent, _ keepsHistory: Bool) -> Void) {
    guard let before = files[node]?.chargedPages else { return }
    files.change(node) { body(&$0, keepsHistory) }
    guard let after = files[node]?.chargedPages, let isFreed = files[node]?.isFreed else { return }
    if !isFreed { usedPages += after - before }
    if files[node]?.isDirty == true, files[node]?.isListed == false {
      files[node]?.isListed = true
      dirty.append(node)
    }
  }

  mutating func opened(_ node: NodeID) { handles[node, default: 0] += 1 }

  mutating func closed(_ node: NodeID) {
    guard let count = handles[node] else { return }
    handles[node] = count > 1 ? count - 1 : nil
    if count == 1 { release(node) }
  }
}
