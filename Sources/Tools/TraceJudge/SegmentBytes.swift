/// What the server has written to its segments, as far as the trace shows it: the bytes of what it sends from there.
struct SegmentBytes {
  private var files: [String: [UInt8]] = [:]

  static func holds(_ call: SystemCall) -> Bool { call.file.hasSuffix(".log") }

  /// Takes the bytes of a write to the segment at `path`.
  mutating func wrote(_ bytes: [UInt8], to path: String, at position: Int) {
    var content = files[path] ?? []
    files[path] = nil
    if content.count < position { content += [UInt8](repeating: 0, count: position - content.count) }
    content.replaceSubrange(position..<min(position + bytes.count, content.count), with: bytes)
    files[path] = content
  }

  /// `count` bytes of what was written to `path`, or nil where the trace has not shown all of them.
  func bytes(of path: String, at position: Int, count: Int) -> ArraySlice<UInt8>? {
    guard let content = files[path], position >= 0, position + count <= content.count else { return nil }
    return content[position..<(position + count)]
  }
}
