import ByteCodec
import Compression
import RecordFormat
import Testing
import Units

@Suite("Batches that Kafka wrote")
struct VectorTests {
  @Test("the sample is there")
  func sampleIsThere() {
    #expect(BatchVector.all.count >= 12)
  }

  @Test("headers say what was written", arguments: BatchVector.all.indices)
  func header(_ index: Int) throws {
    let vector = BatchVector.all[index]
    let batch = try RecordBatchView(ByteSlice(copying: vector.bytes))
    let header = batch.header
    #expect(header.baseOffset == Offset(vector.base_offset))
    #expect(header.lastOffset == Offset(vector.last_offset))
    #expect(header.nextOffset == Offset(vector.last_offset + 1))
    #expect(header.producerID == vector.producer_id)
    #expect(header.producerEpoch == vector.producer_epoch)
    #expect(header.baseSequence == vector.base_sequence)
    #expect(header.partitionLeaderEpoch == vector.partition_leader_epoch)
    #expect(header.checksum == vector.crc)
    #expect(header.isTransactional == vector.transactional)
    #expect(header.isControl == vector.control)
    #expect(header.usesLogAppendTime == (vector.timestamp_type == "LogAppendTime"))
    #expect(header.maxTimestamp == Timestamp(milliseconds: vector.max_timestamp))
    #expect(header.attributes.codec?.name == vector.compression)
    #expect(Int(header.recordCount) == vector.records.count)
    #expect(header.totalSize == vector.bytes.count)
    #expect(batch.checksumMatches)
  }

  @Test("what a client may produce is valid, the rest refused for its reason", arguments: BatchVector.all.indices)
  func validation(_ index: Int) throws {
    let vector = BatchVector.all[index]
    let outcome = BatchValidator.validate(
      ByteSlice(copying: vector.bytes), rules: BatchRules(), scratch: Decompressor())
    if vector.control {
      #expect(outcome == .refused(.controlBatch, recordErrors: []))
    } else if vector.timestamp_type == "LogAppendTime" {
      #expect(outcome == .refused(.appendTimeFromClient, recordErrors: []))
    } else {
      guard case .valid(let summary) = outcome else {
        Issue.record("refused: \(outcome)")
        return
      }
      let latest = vector.records.map(\.timestamp).max() ?? -1
      let first = vector.records.firstIndex { $0.timestamp == latest } ?? -1
      #expect(summary.maxTimestamp == Timestamp(milliseconds: latest))
      #expect(summary.maxTimestampDelta == Int32(first))
      #expect(!summary.needsMaxTimestamp)
    }
  }
}
