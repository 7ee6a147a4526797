/// Which batches the journal's writes have brought to the disk, and when that was certain.
///
/// A batch is known by its bytes from the magic number on: base offset and leader epoch before it are the server's to
/// write. Moments are places in the trace.
struct JournalTrail {
  /// A batch that a client has sent or read.
  struct Batch {
    let content: [UInt8]
    /// When the last of its bytes was certain to be on the disk; nil while it is not.
    var durableAt: Int?
  }

  private struct Write {
    /// Nil while it is under way.
    var returnedAt: Int?
    var durableAt: Int?
  }

  /// Neighbouring bytes of one file as they were written last: a batch may be in more than one write.
  private struct Run {
    var start: Int64
    var bytes: [UInt8] = []
    /// The writes that hold them: where each begins in `bytes`, in order.
    var pieces: [(start: Int, write: Int)] = []

    var end: Int64 { start + Int64(bytes.count) }
  }

  /// A run is searched no further back than a batch is long, and forgotten beyond that.
  private static let longestBatch = 4 << 20
  /// Begins behind the magic number: checksum, attributes and half of the last offset's delta.
  private static let keySize = 8

  private(set) var batches: [Batch] = []
  private var byContent: [[UInt8]: Int] = [:]
  /// Batches that no write has held yet, by the first bytes behind their magic number.
  private var sought: [UInt64: [Int]] = [:]
  /// The writes that hold a batch which is not durable.
  private var waiting: [Int: [Int]] = [:]
  private var writes: [Write] = []
  private var runs: [String: Run] = [:]
  private var byFile: [String: [Int]] = [:]
  /// Syncs under way: by thread, the writes each will make durable.
  private var syncs: [Int: [Int]] = [:]

  /// The number of the batch with these bytes from its magic number on; a new one is looked for from now on.
  mutating func number(of content: [UInt8]) -> Int {
    if let known = byContent[content] { return known }
    let number = batches.count
    batches.append(Batch(content: content))
    byContent[content] = number
    if let key = Self.key(content, at: 1) { sought[key, default: []].append(number) }
    return number
  }

  func known(_ content: [UInt8]) -> Int? { byContent[content] }

  /// A write to `file` began; answers its number.
  mutating func writeBegan(_ file: String, at position: Int64, _ bytes: [UInt8]) -> Int {
    let number = writes.count
    writes.append(Write())
    byFile[file, default: []].append(number)
    var run = runs.removeValue(forKey: file) ?? Run(start: position)
    if position < run.start || position > run.end { run = Run(start: position) }
    let kept = Int(position - run.start)
    run.bytes.removeLast(run.bytes.count - kept)
    run.pieces.removeAll { $0.start >= kept }
    let surplus = kept - Self.longestBatch
    if surplus > 0 {
      run.bytes.removeFirst(surplus)
      run.start += Int64(surplus)
      run.pieces = run.pieces.map { (max($0.start - surplus, 0), $0.write) }
    }
    let from = run.bytes.count
    run.bytes += bytes
    run.pieces.append((from, number))
    search(run, from: max(from - Self.longestBatch, 0))
    runs[file] = run
    return number
  }

  /// It returned. Where it syncs by itself, its bytes are on the disk now.
  mutating func writeReturned(_ number: Int, isWhole: Bool, isSynced: Bool, at moment: Int) {
    guard isWhole else { return }
    writes[number].returnedAt = moment
    if isSynced { made(durable: [number], at: moment) }
  }

  /// A sync of `file` began on `thread`: it will cover the writes that have returned.
  mutating func syncBegan(_ file: String, thread: Int) {
    syncs[thread] = byFile[file, default: []].filter { writes[$0].returnedAt != nil && writes[$0].durableAt == nil }
  }

  mutating func syncReturned(thread: Int, succeeded: Bool, at moment: Int) {
    let covered = syncs.removeValue(forKey: thread) ?? []
    if succeeded { made(durable: covered, at: moment) }
  }

  private mutating func made(durable covered: [Int], at moment: Int) {
    for number in covered { writes[number].durableAt = moment }
    for file in byFile.keys { byFile[file]?.removeAll { writes[$0].durableAt != nil } }
    for (batch, held) in waiting where held.allSatisfy({ writes[$0].durableAt != nil }) {
      waiting[batch] = nil
      if batches[batch].durableAt == nil { batches[batch].durableAt = moment }
    }
  }

  /// Looks for the batches that no write has held yet.
  private mutating func search(_ run: Run, from start: Int) {
    guard !sought.isEmpty, run.bytes.count > Self.keySize else { return }
    for place in start..<(run.bytes.count - Self.keySize) {
      guard let key = Self.key(run.bytes, at: place), let candidates = sought[key], place > 0 else { continue }
      for number in candidates where holds(run, batches[number].content, at: place - 1) {
        sought[key]?.removeAll { $0 == number }
        if sought[key]?.isEmpty ?? false { sought[key] = nil }
        waiting[number] = pieces(of: run, from: place - 1, count: batches[number].content.count)
      }
    }
  }

  private func holds(_ run: Run, _ content: [UInt8], at place: Int) -> Bool {
    place + content.count <= run.bytes.count && run.bytes[place..<(place + content.count)].elementsEqual(content)
  }

  private func pieces(of run: Run, from: Int, count: Int) -> [Int] {
    run.pieces.indices.filter { index in
      let end = index + 1 < run.pieces.count ? run.pieces[index + 1].start : run.bytes.count
      return run.pieces[index].start < from + count && end > from
    }.map { run.pieces[$0].write }
  }

  private static func key(_ bytes: [UInt8], at place: Int) -> UInt64? {
    guard place + keySize <= bytes.count else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
  }
}
