import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * TortureMover BOOTSTRAP FOLDER NAME NUMBER GROUP PROTOCOL PARTITIONS INPUT OUTPUT: reads, writes and commits in
 * transactions that carry the group's offsets; aborts some of them and takes its time over others. NAME is its
 * transactional id.
 */
public final class TortureMover implements ConsumerRebalanceListener {
  private final Recorder recorder;
  private final String group;
  private final int partitions;
  private final String output;
  private final KafkaProducer<String, String> producer;
  private final KafkaConsumer<String, String> consumer;

  private TortureMover(
      Recorder recorder, String[] arguments, KafkaProducer<String, String> producer,
      KafkaConsumer<String, String> consumer) {
    this.recorder = recorder;
    group = arguments[4];
    partitions = Integer.parseInt(arguments[6]);
    output = arguments[8];
    this.producer = producer;
    this.consumer = consumer;
  }

  public static void main(String[] arguments) throws Exception {
    Recorder recorder = new Recorder(arguments[1], arguments[2], arguments[3]);
    Properties settings = Recorder.producer(arguments[0]);
    settings.put("transactional.id", arguments[2]);
    settings.put("transaction.timeout.ms", 10000);
    settings.put("delivery.timeout.ms", 20000);
    settings.put("max.block.ms", 20000);
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings);
        KafkaConsumer<String, String> consumer =
            new KafkaConsumer<>(Recorder.consumer(arguments[0], arguments[4], arguments[5]))) {
      insist(() -> producer.initTransactions());
      TortureMover mover = new TortureMover(recorder, arguments, producer, consumer);
      consumer.subscribe(List.of(arguments[7]), mover);
      for (long poll = 0; !Recorder.stopping; poll++) {
        mover.poll(poll);
      }
    } catch (KafkaException failure) {
      Recorder.giveUp(failure);
    }
  }

  private interface Step {
    void run();
  }

  /** Repeats a call that only took too long. */
  private static void insist(Step step) {
    while (true) {
      try {
        step.run();
        return;
      } catch (TimeoutException failure) {
        if (Recorder.stopping) {
          throw failure;
        }
      }
    }
  }

  private void poll(long poll) {
    long began = Recorder.now();
    ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
    if (records.isEmpty()) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    for (ConsumerRecord<String, String> record : records) {
      lines.append(recorder.text(
          began, "read", "ok", record.topic(), record.partition(), record.offset(), Recorder.value(record.value()),
          poll, group));
    }
    recorder.write(lines.toString());
    move(records);
  }

  private void move(ConsumerRecords<String, String> records) {
    long transaction = recorder.fresh();
    double chance = recorder.random.nextDouble();
    long asked = -1;
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    try {
      producer.beginTransaction();
      for (ConsumerRecord<String, String> record : records) {
        send(record, transaction);
        offsets.put(
            new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
      }
      offsets.forEach((place, offset) -> recorder.line(
          Recorder.now(), "offset", "asked", place.topic(), place.partition(), offset.offset(), -1, transaction,
          group));
      if (chance < 0.5) {
        producer.flush();
      }
      producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
      if (chance < 0.06) {
        LockSupport.parkNanos((long) (chance * 20e9));
      }
      if (chance > 0.85) {
        abort(transaction, offsets.keySet());
        return;
      }
      asked = Recorder.now();
      recorder.line(asked, "commit", "asked", "-", -1, -1, -1, transaction, "-");
      insist(() -> producer.commitTransaction());
      recorder.line(asked, "commit", "ok", "-", -1, -1, -1, transaction, "-");
    } catch (ProducerFencedException | OutOfOrderSequenceException | AuthorizationException
        | UnsupportedVersionException failure) {
      throw failure;
    } catch (KafkaException failure) {
      if (asked >= 0) {
        recorder.line(asked, "commit", "info", "-", -1, -1, -1, transaction, "-");
      }
      System.err.println("aborts: " + failure);
      abort(transaction, offsets.keySet());
    }
  }

  private void send(ConsumerRecord<String, String> record, long transaction) {
    long value = recorder.fresh();
    long began = Recorder.now();
    int partition = recorder.random.nextInt(partitions);
    String source = Long.toString(Recorder.value(record.value()));
    recorder.line(began, "send", "asked", output, partition, -1, value, transaction, source);
    producer.send(
        new ProducerRecord<>(output, partition, null, recorder.payload(value, source)),
        (metadata, failure) -> recorder.line(
            began, "send", failure == null ? "ok" : "info", output, partition,
            failure == null ? metadata.offset() : -1, value, transaction, source));
  }

  /** Ends the transaction and goes back to what the group has committed. */
  private void abort(long transaction, Collection<TopicPartition> places) {
    long began = Recorder.now();
    recorder.line(began, "abort", "asked", "-", -1, -1, -1, transaction, "-");
    insist(() -> producer.abortTransaction());
    recorder.line(began, "abort", "ok", "-", -1, -1, -1, transaction, "-");
    insist(() -> rewind(places));
  }

  private void rewind(Collection<TopicPartition> places) {
    long began = Recorder.now();
    Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(new HashSet<>(places));
    for (TopicPartition place : places) {
      OffsetAndMetadata found = committed.get(place);
      recorder.line(
          began, "committed", "ok", place.topic(), place.partition(), found == null ? -1 : found.offset(), -1, -1,
          group);
      if (consumer.assignment().contains(place)) {
        long offset = found == null ? 0 : found.offset();
        consumer.seek(place, offset);
        recorder.line(began, "assigned", "ok", place.topic(), place.partition(), offset, -1, -1, group);
      }
    }
  }

  /** Called from a poll: nothing that was read waits for its commit then. */
  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> places) {}

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> places) {
    long began = Recorder.now();
    for (TopicPartition place : places) {
      recorder.line(began, "assigned", "ok", place.topic(), place.partition(), -1, -1, -1, group);
    }
  }
}
