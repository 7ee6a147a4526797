import Machine

/// The whole state of a simulated volume; copies share what neither changes.
struct SimVolume: Sendable {
  /// Largest file: its page table stays below 32 MiB.
  static let largestFile = 16 << 30

  var files = NodeTable<SimContent>()
  var folders = NodeTable<SimFolder>()
  var names = NameLog()
  /// Files with something pending, each once.
  var dirty: [NodeID] = []
  /// Files and folders without a name that are kept for a handle or for a name change that may be taken back.
  var unnamed: Set<NodeID> = []
  var handles: [NodeID: Int] = [:]
  var nextNumber = 1
  var usedPages = 0
  var pagesTotal: Int
  let sectorSize: Int
  let keepsHistory: Bool

  init(pagesTotal: Int, sectorSize: Int, keepsHistory: Bool) {
    self.pagesTotal = pagesTotal
    self.sectorSize = sectorSize
    self.keepsHistory = keepsHistory
    folders[.root] = SimFolder(links: 1)
  }

  // MARK: Finding

  /// The node that `names` leads to; fails with ENOENT or ENOTDIR.
  func find(_ names: some Collection<Substring>, _ call: DiskError.Call, _ path: String) throws(DiskError) -> NodeID {
    var node = NodeID.root
    for name in names {
      guard let folder = folders[node] else { throw DiskError(call: call, path: path, code: Code.notFolder) }
      guard let next = folder.entries[String(name)] else {
        throw DiskError(call: call, path: path, code: Code.missing)
      }
      node = next
    }
    return node
  }

  /// The folder `path` names.
  func folder(_ path: String, _ call: DiskError.Call) throws(DiskError) -> NodeID {
    let node = try find(DiskPath.names(path, for: call), call, path)
    if !node.isFolder { throw DiskError(call: call, path: path, code: Code.notFolder) }
    return node
  }

  /// The place that `path` names: its folder exists, the name may not.
  func place(_ path: String, _ call: DiskError.Call) throws(DiskError) -> NameOperation.Place {
    let names = try DiskPath.namesBelow(path, for: call)
    let folder = try find(names.dropLast(), call, path)
    if !folder.isFolder { throw DiskError(call: call, path: path, code: Code.notFolder) }
    return NameOperation.Place(folder: folder, name: names.last.map(String.init) ?? "")
  }

  func node(at place: NameOperation.Place) -> NodeID? { folders[place.folder]?.entries[place.name] }

  // MARK: Names

  /// Lets names lead elsewhere: one operation, durable when its folders are synced.
  mutating func change(_ changes: [(place: NameOperation.Place, after: NodeID?)]) {
    var parts: [NameOperation.Part] = []
    for (place, after) in changes {
      let before = node(at: place)
      parts.append(.init(folder: place.folder, name: place.name, before: before, after: after))
      if keepsHistory, let before { pin(before, by: 1) }
      set(place, to: after)
    }
    if keepsHistory { names.append(parts) }
    for part in parts { if let before = part.before { release(before) } }
  }

  mutating func set(_ place: NameOperation.Place, to after: NodeID?) {
    let before = node(at: place)
    folders[place.folder]?.entries[place.name] = after
    if let after { link(after, by: 1) }
    if let before { link(before, by: -1) }
  }

  mutating func makeNamesDurable(in folder: NodeID) {
    for part in names.makeDurable(folder) {
      guard let before = part.before else { continue }
      pin(before, by: -1)
      release(before)
    }
  }

  mutating func newFile() -> NodeID {
    defer { nextNumber += 1 }
    let id = NodeID(number: nextNumber, isFolder: false)
    files[id] = SimContent()
    return id
  }

  mutating func newFolder() -> NodeID {
    defer { nextNumber += 1 }
    let id = NodeID(number: nextNumber, isFolder: true)
    folders[id] = SimFolder()
    return id
  }

  /// Frees a node that nothing leads to any more, nor can.
  mutating func release(_ node: NodeID) {
    if node.isFolder {
      guard let folder = folders[node], folder.links == 0, folder.pins == 0 else { return }
      folders[node] = nil
      makeNamesDurable(in: node)
      return
    }
    guard let content = files[node], content.links == 0 else { return }
    let isOpen = handles[node] != nil
    if !isOpen, !content.isFreed {
      usedPages -= content.chargedPages
      files[node]?.isFreed = true
    }
    if isOpen || content.pins > 0 {
      unnamed.insert(node)
    } else {
      files[node] = nil
      unnamed.remove(node)
      dirty.removeAll { $0 == node }
    }
  }

  private mutating func link(_ node: NodeID, by step: Int) {
    if node.isFolder { folders[node]?.links += step } else { files[node]?.links += step }
  }

  private mutating func pin(_ node: NodeID, by step: Int) {
    if node.isFolder { folders[node]?.pins += step } else { files[node]?.pins += step }
  }
}

/// The error numbers a simulated disk answers with, as Linux has them.
enum Code {
  static let missing: Int32 = 2
  static let badHandle: Int32 = 9
  static let exists: Int32 = 17
  static let notFolder: Int32 = 20
  static let isFolder: Int32 = 21
  static let invalid: Int32 = 22
  static let fileTooLarge: Int32 = 27
  static let full: Int32 = 28
  static let notEmpty: Int32 = 39
}
