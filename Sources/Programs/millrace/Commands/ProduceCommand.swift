import Compression
import KafkaClient
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("key-separator", letter: "k", value: "TEXT", "what stands before the first TEXT of a line is its key"),
      Option(
        "header", letter: "H", value: "NAME=VALUE", isRepeatable: true, "a header of every record; may be repeated"),
      Option("null-value", value: "TEXT", "a value that equals TEXT is sent as none: a tombstone"),
      Option("partition", letter: "p", value: "N", "all records go to this partition"),
      Option("file", letter: "f", value: "PATH", "the lines of a file instead of standard input"),
      Option("compression", letter: "z", value: "CODEC", "none, gzip, snappy, lz4 or zstd; none if left out"),
      Option("acks", value: "0|1|all", "who has a record when it counts as written; all if left out"),
      Option("batch-bytes", value: "N", "bytes of a batch before compression; 524288 if left out"),
      Option("idempotent", "what a retry sends twice is stored once; so it is unless --acks says 0 or 1"),
      Option("no-idempotent", "for servers without producer numbers"),
    ] + ClientConnection.options

  /// `millrace produce`
  static let produce = Command(
    "produce",
    summary: "write lines to a topic, one record each",
    help: """
      usage: millrace produce TOPIC [options]

      Writes each line of standard input as a record. Records of one key go to the partition that Kafka's own producer
      chooses; records without a key take turns by batches. A batch leaves when it is full or when input pauses. When the
      server is restarted meanwhile, nothing is lost or stored twice. The summary counts what the server acknowledged.

      \(Option.list(options))

      examples
        echo '{"order":"sf_123"}' | millrace produce orders.created
        echo 'u_9:{"order":"sf_123"}' | millrace produce orders.created --key-separator :
        millrace produce logs --file /var/log/dpkg.log --compression zstd
        millrace produce customers -k '\\t' --null-value '' < customers.tsv
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let topic = try given.words("TOPIC")[0]
    let shape = try RecordShape(given)
    let choices = try producerOptions(given)
    let lines = try source(given)
    let client = try ClientConnection.client(given)
    Interruption.watch()
    let producer = try Producer(client, topic: topic, options: choices)
    var job = ProduceJob(producer, lines, shape, client.options)
    return try job.run()
  }

  private static func producerOptions(_ given: Arguments) throws(UsageError) -> ProducerOptions {
    var options = ProducerOptions()
    let acks = try given.choice("acks", of: ["0", "1", "all", "-1"]) ?? "all"
    options.acks = acks == "all" ? -1 : Int16(acks) ?? -1
    let codecs = CompressionCodec.allCases.map { $0.name }
    if let name = try given.choice("compression", of: codecs), let codec = CompressionCodec(name: name) {
      options.codec = codec
    }
    let batchBytes = try given.integer("batch-bytes", in: ProducerOptions.batchBytesRange)
    options.batchBytes = batchBytes ?? options.batchBytes
    options.partition = try given.integer("partition", in: 0...Int32.max)
    if given.has("idempotent"), given.has("no-idempotent") || options.acks != -1 {
      throw UsageError("--idempotent needs --acks all, and no --no-idempotent")
    }
    options.isIdempotent = options.acks == -1 && !given.has("no-idempotent")
    return options
  }

  private static func source(_ given: Arguments) throws -> LineSource {
    guard let path = given.text("file") else { return LineSource() }
    var reason = ""
    guard let lines = LineSource(path: path, reason: &reason) else {
      throw CommandFailure(.badData, "cannot read \(path): \(reason)", advice: "Check the path after --file.")
    }
    return lines
  }
}
