import ByteCodec
import Machine
import Units

/// The journal's files. Small ones are read once and held; longer ones are read through windows that move over them:
/// however long the journal is, a start needs no more memory for it than it is allowed, two windows, or the largest frame.
final class JournalFiles {
  private struct File {
    let path: String
    let handle: any DiskFile
    let size: Int
  }

  private struct Window {
    let file: Int
    let start: Int
    let bytes: ByteSlice

    var end: Int { start + bytes.count }
  }

  /// Bytes read at once where not all is held: enough that reading costs no more than it must.
  private static let movingWindow = 4 << 20
  /// Two, so that frames which alternate between files do not read them again and again.
  private static let movingWindows = 2

  private let files: [File]
  private let windowBytes: Int
  private let windowLimit: Int
  /// All bytes stay in memory once they have been read.
  let holdsAll: Bool
  /// The one used last comes last.
  private var windows: [Window] = []

  /// Opens the files, to hold them where they have `held` bytes or less together.
  init(_ disk: any Disk, held: ByteCount) throws(DiskError) {
    var files: [File] = []
    for entry in try disk.list(JournalWriter.folder) where entry.name.hasSuffix(".journal") {
      let path = "\(JournalWriter.folder)/\(entry.name)"
      let handle = try disk.open(path, .read)
      files.append(File(path: path, handle: handle, size: Int(try handle.size().value)))
    }
    self.files = files
    holdsAll = files.reduce(0) { $0 + $1.size } <= held.value
    windowBytes = holdsAll ? .max : Self.movingWindow
    windowLimit = holdsAll ? files.count : Self.movingWindows
  }

  var indices: Range<Int> { files.indices }

  func path(_ file: Int) -> String { files[file].path }

  /// Bytes in the file when it was opened.
  func size(_ file: Int) -> Int { files[file].size }

  /// `count` bytes at `position` of the file, fewer at its end.
  func bytes(_ file: Int, at position: Int, count: Int) throws(DiskError) -> ByteSlice {
    let size = files[file].size
    guard position >= 0, position < size, count > 0 else { return .empty }
    let wanted = min(count, size - position)
    let known = windows.lastIndex { $0.file == file && $0.start <= position && position + wanted <= $0.end }
    if let known {
      let window = windows.remove(at: known)
      windows.append(window)
      return window.bytes.part(from: position - window.start, count: wanted)
    }
    // Given up first: the memory serves again.
    windows.removeAll { $0.file == file }
    if windows.count >= windowLimit { windows.removeFirst() }
    let length = min(max(wanted, windowBytes), size - position)
    let bytes = try files[file].handle.read(count: length, at: FilePosition(Int64(position)))
    windows.append(Window(file: file, start: position, bytes: bytes))
    return bytes.part(from: 0, count: wanted)
  }

  /// Calls `visit` with every position of the file at which a frame's header may stand, and bytes that begin there.
  func search(_ file: Int, _ visit: (_ position: Int, _ header: ByteSlice) -> Void) throws(DiskError) {
    var at = 0
    while at + JournalFrameHeader.size <= files[file].size {
      let bytes = try bytes(file, at: at, count: windowBytes)
      guard bytes.count >= JournalFrameHeader.size else { return }
      for position in JournalFrameHeader.candidates(in: bytes) {
        visit(at + position, bytes.part(from: position, count: JournalFrameHeader.size))
      }
      at += (bytes.count - JournalFrameHeader.size) / 8 * 8 + 8
    }
  }
}
