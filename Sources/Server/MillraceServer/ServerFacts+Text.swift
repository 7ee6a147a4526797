import Broker
import KafkaDoor
import KafkaWire
import LogStore
import Machine
import Metrics
import Units

extension ServerFacts {
  /// The facts in Prometheus' text format.
  func metricsText(version: String) -> String {
    var text = MetricsText()
    text.family("millrace_build_info", .gauge, "The version that runs; always 1.")
    text.sample("millrace_build_info", [("version", version)], 1)
    text.single("millrace_uptime_seconds", .gauge, "Time since the server started.", uptimeSeconds)
    text.single("millrace_up", .gauge, "1 while writes are acknowledged, 0 after the disk failed.", isFailed ? 0 : 1)
    addTraffic(to: &text)
    addRequests(to: &text)
    addErrors(to: &text)
    addLog(to: &text)
    addDisk(to: &text)
    addRecovery(to: &text)
    coordinators.add(to: &text)
    return text.text
  }

  private func addTraffic(to text: inout MetricsText) {
    typealias Counts = TopicTraffic.Counts
    let families: [(String, String, (Counts) -> UInt64)] = [
      ("millrace_topic_in_bytes_total", "Bytes of batches stored.", { $0.bytesIn }),
      ("millrace_topic_in_records_total", "Records stored.", { $0.recordsIn }),
      ("millrace_topic_out_bytes_total", "Bytes of batches given to readers.", { $0.bytesOut }),
      ("millrace_topic_out_records_total", "Records, or offsets of files, given to readers.", { $0.recordsOut }),
    ]
    for (name, help, value) in families {
      text.family(name, .counter, help + " Topics beyond the first \(TopicTraffic.namedTopics) are one: other.")
      for topic in topics { text.sample(name, [("topic", topic.name)], value(topic.counts)) }
      // A name with a blank, which no topic can have, so that a topic called other is not taken for it.
      text.sample(name, [("topic", "(other)")], value(otherTopics))
    }
    text.family("millrace_topic_size_bytes", .gauge, "Bytes in the segments of topics that had traffic.")
    for topic in topics { text.sample("millrace_topic_size_bytes", [("topic", topic.name)], topic.bytes) }
    text.single("millrace_topics", .gauge, "Topics.", topicCount)
    text.single("millrace_partitions", .gauge, "Partitions of all topics.", partitionCount)
    text.single("millrace_segments", .gauge, "Segments of all partitions.", segmentCount)
    text.single("millrace_segments_size_bytes", .gauge, "Bytes in the segments of all partitions.", segmentBytes)
  }

  private func addRequests(to text: inout MetricsText) {
    text.family("millrace_requests_total", .counter, "Requests by API.")
    for api in apis { text.sample("millrace_requests_total", [("api", api.key.name)], api.requests) }
    text.family(
      "millrace_request_errors_total", .counter, "Requests answered with an error or by closing the connection.")
    for api in apis { text.sample("millrace_request_errors_total", [("api", api.key.name)], api.failures) }
    text.family(
      "millrace_request_duration_seconds", .histogram,
      "Time from a whole request to its reply on the way out, syncs and long polls included.")
    for api in apis {
      text.histogram("millrace_request_duration_seconds", [("api", api.key.name)], api.latency, .nanoseconds)
    }
    text.family(
      "millrace_engine_turn_cpu_seconds", .histogram, "Processor time that a turn of the engine's thread took.")
    text.histogram("millrace_engine_turn_cpu_seconds", [], turns, .nanoseconds)
    text.single(
      "millrace_engine_slow_turns_total", .counter, "Turns of the engine's thread that took more than 5 ms of it.",
      slowTurns)
    text.single("millrace_connections", .gauge, "Connections of Kafka clients.", connections)
    text.single("millrace_parked_fetches", .gauge, "Fetches that wait for records.", parkedFetches)
    text.single("millrace_request_memory_bytes", .gauge, "Bytes of requests being read or executed.", memory.used)
    text.single("millrace_request_memory_limit_bytes", .gauge, "What these bytes may come to.", memory.limit)
  }

  private func addErrors(to text: inout MetricsText) {
    text.family("millrace_kafka_errors_total", .counter, "Error codes in answers: one for each place that holds one.")
    for api in apis.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      for (code, count) in api.errors.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        let name = code.name ?? String(code.rawValue)
        text.sample("millrace_kafka_errors_total", [("api", api.key.name), ("error", name)], count)
      }
    }
  }

  private func addDisk(to text: inout MetricsText) {
    if let volume {
      text.single("millrace_disk_size_bytes", .gauge, "Size of the volume of the data folder.", volume.total.value)
      text.single("millrace_disk_free_bytes", .gauge, "What may still be used of it.", volume.available.value)
    }
    text.single(
      "millrace_disk_alarm_level", .gauge,
      "1 from \(Int(DiskAlarm.Level.warning.percent)) % of the volume in use, 2 from "
        + "\(Int(DiskAlarm.Level.critical.percent)) %, else 0.", diskLevel.rawValue)
    text.single("millrace_disk_full", .gauge, "1 while writes are refused for lack of room.", isFull ? 1 : 0)
    text.single(
      "millrace_clock_off_seconds", .gauge,
      "How far the wall clock is from what it should show; 0 while it is believed, and things are deleted by age.",
      clockOffMs / 1_000)
    text.single("millrace_scrub_bytes_total", .counter, "Bytes compared with their checksums.", scrubs.bytes)
    text.single(
      "millrace_scrub_damaged_blocks_total", .counter, "Blocks that were not what was written, in each pass anew.",
      scrubs.damagedBlocks)
    text.single("millrace_scrub_passes_total", .counter, "Passes over all full segments.", scrubs.passes)
  }

  private func addLog(to text: inout MetricsText) {
    text.family("millrace_journal_sync_duration_seconds", .histogram, "Time of a group's synced journal write.")
    text.histogram("millrace_journal_sync_duration_seconds", [], log.sync, .nanoseconds)
    text.family("millrace_journal_write_duration_seconds", .histogram, "Time of writing a group to its segments.")
    text.histogram("millrace_journal_write_duration_seconds", [], log.write, .nanoseconds)
    text.family("millrace_journal_group_frames", .histogram, "Frames that were synced together.")
    text.histogram("millrace_journal_group_frames", [], log.groupFrames, .plain)
    text.family("millrace_journal_group_bytes", .histogram, "Payload bytes that were synced together.")
    text.histogram("millrace_journal_group_bytes", [], log.groupBytes, .plain)
    text.single("millrace_journal_written_bytes_total", .counter, "Bytes written to the journal.", log.journalBytes)
    text.single(
      "millrace_journal_uncheckpointed_bytes", .gauge, "Journal written since the last checkpoint began.",
      bytesSinceCheckpoint)
    text.single("millrace_journal_limit_bytes", .gauge, "Where these bytes make requests wait.", journalCap)
    text.single("millrace_journal_waiting_bytes", .gauge, "Bytes decided and not yet durable.", bytesWaiting)
    text.single(
      "millrace_producer_pauses_total", .counter,
      "How often a producer was left unread for a moment because the journal was nearly full.", producerPauses)
    text.single("millrace_admitting", .gauge, "1 while large requests are read, 0 while they wait.", admits ? 1 : 0)
    text.family("millrace_checkpoint_duration_seconds", .histogram, "Time of making a checkpoint durable.")
    text.histogram("millrace_checkpoint_duration_seconds", [], log.checkpoint, .nanoseconds)
  }

  private func addRecovery(to text: inout MetricsText) {
    text.single("millrace_leader_epoch", .gauge, "The node's leader epoch: one more after an unclean stop.", epoch)
    text.single(
      "millrace_recovery_clean", .gauge, "1 when the node had been stopped in order before this start.",
      recovery.wasCleanStop ? 1 : 0)
    text.single(
      "millrace_recovery_replayed_frames", .gauge, "Journal frames replayed at this start.", recovery.replayedFrames)
    text.single(
      "millrace_recovery_dropped_frames", .gauge, "Journal frames dropped at this start, never acknowledged.",
      recovery.droppedFrames)
    text.single(
      "millrace_recovery_rewritten_bytes", .gauge, "Bytes written to segments again at this start.",
      recovery.rewrittenBytes.value)
  }
}
