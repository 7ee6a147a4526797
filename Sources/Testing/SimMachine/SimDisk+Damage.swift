import Machine
package import Units

/// Damage done to files at rest: durable at once, unseen by the program. What was pending in a damaged file becomes
/// durable first. Each answers whether there was such a file.
extension SimDisk {
  /// All files, by path, in order.
  package var paths: [String] {
    state.withLock { state in
      var found: [String] = []
      var queue: [(NodeID, String)] = [(.root, "")]
      while let (folder, prefix) = queue.popLast() {
        for (name, node) in state.volume.folders[folder]?.entries ?? [:] {
          if node.isFolder { queue.append((node, prefix + name + "/")) } else { found.append(prefix + name) }
        }
      }
      return found.sorted()
    }
  }

  /// The bytes of the file as reads see them, or nil when there is none.
  package func contents(_ path: String) -> [UInt8]? {
    state.withLock { state in
      state.file(path).flatMap { state.volume.files[$0] }.map { $0.bytes.bytes(0..<$0.size) }
    }
  }

  /// Turns bit `bit` (0 to 7) of the byte at `position` over.
  @discardableResult
  package func flipBit(_ path: String, at position: FilePosition, bit: Int = 0) -> Bool {
    damage(path) { content in
      guard position.value >= 0, position.value < content.size else { return }
      let at = Int(position.value)
      let flipped = content.bytes.bytes(at..<at + 1).map { $0 ^ (1 << UInt8(bit & 7)) }
      flipped.withUnsafeBytes { content.write($0, at: at, keepsHistory: false) }
    }
  }

  /// Cuts the file to `size`, or makes it longer with zeros.
  @discardableResult
  package func setSize(_ path: String, to size: ByteCount) -> Bool {
    damage(path) { $0.truncate(to: min(max(Int(size.value), 0), SimVolume.largestFile), keepsHistory: false) }
  }

  /// Puts `bytes` over what the file holds at `position`.
  @discardableResult
  package func overwrite(_ path: String, with bytes: [UInt8], at position: FilePosition) -> Bool {
    damage(path) { content in
      bytes.withUnsafeBytes { content.write($0, at: max(Int(position.value), 0), keepsHistory: false) }
    }
  }

  /// Lets the file vanish.
  @discardableResult
  package func deleteAtRest(_ path: String) -> Bool {
    state.withLock { state in
      guard let place = state.filePlace(path) else { return false }
      state.settleNames(place)
      state.volume.change([(place, nil)])
      state.settleNames(place)
      return true
    }
  }

  /// Exchanges the names of two files.
  @discardableResult
  package func swapAtRest(_ first: String, _ second: String) -> Bool {
    state.withLock { state in
      guard let a = state.filePlace(first), let b = state.filePlace(second) else { return false }
      let (nodeA, nodeB) = (state.volume.node(at: a), state.volume.node(at: b))
      state.volume.change([(a, nodeB), (b, nodeA)])
      state.settleNames(a)
      state.settleNames(b)
      return true
    }
  }

  /// Puts a copy of the file `path` at `copy`, in place of what was there.
  @discardableResult
  package func duplicateAtRest(_ path: String, as copy: String) -> Bool {
    state.withLock { state in
      guard let source = state.file(path).flatMap({ state.volume.files[$0] }),
        case .success(let place) = Result(catching: { () throws(DiskError) in try state.volume.place(copy, .open) })
      else { return false }
      let node = state.volume.newFile()
      let bytes = source.bytes.bytes(0..<source.size)
      state.volume.charge(node) { content, _ in bytes.withUnsafeBytes { content.write($0, at: 0, keepsHistory: false) }
      }
      state.volume.change([(place, node)])
      state.settleNames(place)
      return true
    }
  }

  private func damage(_ path: String, _ body: (inout SimContent) -> Void) -> Bool {
    state.withLock { state in
      guard let node = state.file(path) else { return false }
      state.volume.sync(node)
      state.volume.charge(node) { content, _ in body(&content) }
      return true
    }
  }
}

extension SimState {
  fileprivate func filePlace(_ path: String) -> NameOperation.Place? {
    guard file(path) != nil,
      case .success(let place) = Result(catching: { () throws(DiskError) in try volume.place(path, .open) })
    else { return nil }
    return place
  }

  /// Makes all pending changes in the folder of `place` durable.
  fileprivate mutating func settleNames(_ place: NameOperation.Place) { volume.makeNamesDurable(in: place.folder) }
}
