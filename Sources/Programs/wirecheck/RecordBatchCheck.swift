/// Checks a vector that holds one record batch.
enum RecordBatchCheck {
  /// What is wrong with our reading or writing of the batch; nil when nothing is.
  static func problem(with vector: JSONValue) -> String? { "record batches: not supported by this build" }
}
