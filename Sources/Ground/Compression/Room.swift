enum CompressionRoom {}
