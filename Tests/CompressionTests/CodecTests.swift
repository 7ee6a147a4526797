import Compression
import Testing

@Suite("Codecs")
struct CodecTests {
  @Test("numbers and names are those of the record format")
  func names() {
    #expect(CompressionCodec.allCases.map(\.name) == ["none", "gzip", "snappy", "lz4", "zstd"])
    #expect(CompressionCodec.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
    #expect(CompressionCodec(name: "uncompressed") == CompressionCodec.none)
    #expect(CompressionCodec(name: "brotli") == nil)
  }
}
