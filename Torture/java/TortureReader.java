import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * TortureReader BOOTSTRAP FOLDER NAME NUMBER GROUP PROTOCOL PARTITIONS TOPIC...: a member of a group that commits what
 * it has read, or, where GROUP is a dash, a consumer of its own that reads all partitions from their beginnings.
 */
public final class TortureReader implements ConsumerRebalanceListener {
  private final Recorder recorder;
  private final String group;
  private final KafkaConsumer<String, String> consumer;
  private final Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();

  private TortureReader(Recorder recorder, String group, KafkaConsumer<String, String> consumer) {
    this.recorder = recorder;
    this.group = group;
    this.consumer = consumer;
  }

  public static void main(String[] arguments) throws Exception {
    Recorder recorder = new Recorder(arguments[1], arguments[2], arguments[3]);
    String group = arguments[4];
    List<String> topics = List.of(arguments).subList(7, arguments.length);
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(Recorder.consumer(arguments[0], group, arguments[5]))) {
      TortureReader reader = new TortureReader(recorder, group, consumer);
      if (group.equals("-")) {
        reader.assign(topics, Integer.parseInt(arguments[6]));
      } else {
        consumer.subscribe(topics, reader);
      }
      reader.run();
    } catch (KafkaException failure) {
      Recorder.giveUp(failure);
    }
  }

  private void assign(List<String> topics, int partitions) {
    List<TopicPartition> places = new ArrayList<>();
    for (String topic : topics) {
      for (int partition = 0; partition < partitions; partition++) {
        places.add(new TopicPartition(topic, partition));
        recorder.line(Recorder.now(), "assigned", "ok", topic, partition, 0, -1, -1, "-");
      }
    }
    consumer.assign(places);
    consumer.seekToBeginning(places);
  }

  private void run() {
    long since = Recorder.now();
    for (long poll = 0; !Recorder.stopping; poll++) {
      long began = Recorder.now();
      ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
      StringBuilder lines = new StringBuilder();
      for (ConsumerRecord<String, String> record : records) {
        lines.append(recorder.text(
            began, "read", "ok", record.topic(), record.partition(), record.offset(),
            Recorder.value(record.value()), poll, group));
        read.put(
            new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
      }
      recorder.write(lines.toString());
      if (!group.equals("-") && Recorder.now() - since > 300_000_000) {
        commit(new HashSet<>(read.keySet()));
        since = Recorder.now();
      }
    }
  }

  /** Commits what was read in these partitions; an error says nothing about what the server has done before. */
  private void commit(Collection<TopicPartition> which) {
    Map<TopicPartition, OffsetAndMetadata> places = new HashMap<>();
    for (TopicPartition place : which) {
      if (read.containsKey(place)) {
        places.put(place, read.remove(place));
      }
    }
    if (places.isEmpty()) {
      return;
    }
    long began = Recorder.now();
    record(began, "asked", places);
    try {
      consumer.commitSync(places, Duration.ofSeconds(10));
      record(began, "ok", places);
    } catch (KafkaException failure) {
      record(began, "info", places);
    }
  }

  private void record(long began, String outcome, Map<TopicPartition, OffsetAndMetadata> places) {
    places.forEach((place, offset) -> recorder.line(
        began, "offset", outcome, place.topic(), place.partition(), offset.offset(), -1, -1, group));
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> places) {
    commit(places);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> places) {
    places.forEach(read::remove);
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> places) {
    long began = Recorder.now();
    for (TopicPartition place : places) {
      read.remove(place);
      recorder.line(began, "assigned", "ok", place.topic(), place.partition(), -1, -1, -1, group);
    }
  }
}
