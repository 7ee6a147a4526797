import ByteCodec
import CLinux
import Glibc
import Units

/// An open file of a `POSIXDisk`. All calls may come from any thread; positions are given, never kept.
final class POSIXFile: DiskFile {
  /// Slices of one pwritev: IOV_MAX of Linux.
  private static let slicesAtOnce = 1024

  private let file: Descriptor
  let path: String

  init(_ file: Descriptor, path: String) {
    self.file = file
    self.path = path
  }

  var descriptor: Int32? { file.number }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int {
    if buffer.isEmpty { return 0 }
    while true {
      let count = pread(file.number, buffer.baseAddress, buffer.count, off_t(position.value))
      if count >= 0 { return count }
      if errno != EINTR { throw failure(.read) }
    }
  }

  func readIfCached(
    into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition
  ) throws(DiskError) -> Int? {
    if buffer.isEmpty { return 0 }
    while true {
      var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
      let count = linux_preadv_nowait(file.number, &part, 1, off_t(position.value))
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      case EAGAIN: return nil
      case EOPNOTSUPP, ENOSYS: return try read(into: buffer, at: position)
      default: throw failure(.read)
      }
    }
  }

  func isCached(from position: FilePosition, count: Int) -> Bool {
    count <= 0 || linux_is_cached(file.number, off_t(position.value), count) == 1
  }

  func writeSome(_ slices: ArraySlice<ByteSlice>, at position: FilePosition) throws(DiskError) -> Int {
    let some = slices.prefix(Self.slicesAtOnce)
    let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: some.count) { parts in
      for (index, slice) in some.enumerated() {
        parts.initializeElement(at: index, to: iovec(iov_base: slice.block.base + slice.start, iov_len: slice.count))
      }
      // The slices own the memory the parts point to.
      return withExtendedLifetime(some) {
        while true {
          let count = pwritev(file.number, parts.baseAddress, Int32(parts.count), off_t(position.value))
          if count >= 0 || errno != EINTR { return count }
        }
      }
    }
    if count < 0 { throw failure(.write) }
    return count
  }

  func sync() throws(DiskError) {
    // Not repeated, whatever the reason: the kernel reports a failed write-back once and then forgets it.
    if fdatasync(file.number) != 0 { throw failure(.sync) }
  }

  func size() throws(DiskError) -> ByteCount {
    var facts = stat()
    if fstat(file.number, &facts) != 0 { throw failure(.size) }
    return ByteCount(Int64(facts.st_size))
  }

  func truncate(to size: ByteCount) throws(DiskError) {
    while ftruncate(file.number, off_t(size.value)) != 0 {
      if errno != EINTR { throw failure(.truncate) }
    }
  }

  func reserve(upTo end: FilePosition) throws(DiskError) {
    if end.value <= 0 { return }
    while linux_fallocate_keep_size(file.number, 0, off_t(end.value)) != 0 {
      switch errno {
      case EINTR: continue
      // A file system without it: writes will meet the full disk themselves.
      case EOPNOTSUPP, ENOSYS: return
      default: throw failure(.reserve)
      }
    }
  }

  func startWriteback(from position: FilePosition, count: ByteCount) {
    _ = linux_start_writeback(file.number, off_t(position.value), off_t(count.value))
  }

  private func failure(_ call: DiskError.Call) -> DiskError { DiskError(call: call, path: path, code: errno) }
}
