import ByteCodec
import Machine

/// `count` times the first letter of `letter`.
func text(_ letter: String, _ count: Int) -> [ByteSlice] {
  [ByteSlice(copying: [UInt8](repeating: letter.utf8.first ?? 0, count: count))]
}

func powerCut(_ call: DiskError.Call, _ path: String) -> DiskError {
  DiskError(call: call, path: path, code: DiskError.powerCut)
}
