package import ByteCodec
package import Units

/// What the broker writes into a batch before it stores it, in place. Only for the sole writer of the batch's bytes.
///
/// Slices shorter than a header are left alone.
package enum BatchStamp {
  /// Sets base offset and leader epoch, which the checksum does not cover.
  package static func assign(_ batch: ByteSlice, baseOffset: Offset, partitionLeaderEpoch: Int32) {
    store(baseOffset.value, in: batch, at: 0)
    store(partitionLeaderEpoch, in: batch, at: RecordBatchHeader.Layout.leaderEpoch)
  }

  /// Sets the batch's append time: it becomes every record's timestamp (`message.timestamp.type=LogAppendTime`).
  package static func setAppendTime(_ batch: ByteSlice, to now: Timestamp) {
    setMaxTimestamp(now, attributes: .logAppendTime, in: batch)
  }

  /// Sets the maximum timestamp of a batch that keeps its producer's times.
  package static func setMaxTimestamp(_ batch: ByteSlice, to timestamp: Timestamp) {
    setMaxTimestamp(timestamp, attributes: [], in: batch)
  }

  private static func setMaxTimestamp(_ timestamp: Timestamp, attributes added: BatchAttributes, in batch: ByteSlice) {
    guard batch.count >= RecordBatchHeader.size else { return }
    let place = RecordBatchHeader.Layout.attributes
    let attributes = batch.withUnsafeBytes {
      UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt16.self))
    }
    store(attributes | added.rawValue, in: batch, at: place)
    store(timestamp.milliseconds, in: batch, at: RecordBatchHeader.Layout.maxTimestamp)
    setChecksum(of: batch)
  }

  /// Computes the checksum anew.
  static func setChecksum(of batch: ByteSlice) {
    let covered = batch.dropping(RecordBatchHeader.Layout.attributes)
    store(Checksum.crc32c(covered), in: batch, at: RecordBatchHeader.Layout.checksum)
  }

  /// The CRC-32C of all of a batch's bytes, made from that of its first ones and the checksum it carries, which the caller
  /// knows to be right: the validator found it so, or it was set here.
  package static func checksum(ofWhole batch: ByteSlice) -> UInt32 {
    guard batch.count >= Checksum.leastToCombine else { return Checksum.crc32c(batch) }
    let uncovered = RecordBatchHeader.Layout.attributes
    let carried = batch.withUnsafeBytes {
      UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: RecordBatchHeader.Layout.checksum, as: UInt32.self))
    }
    return Checksum.combined(
      Checksum.crc32c(batch.part(from: 0, count: uncovered)), carried, secondCount: batch.count - uncovered)
  }

  /// A concrete store: a generic call into another room costs more than all the rest of a stamp.
  @inline(__always)
  private static func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, in batch: ByteSlice, at place: Int) {
    guard batch.count >= RecordBatchHeader.size else { return }
    batch.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(mutating: bytes).storeBytes(of: value.bigEndian, toByteOffset: place, as: T.self)
    }
  }
}
