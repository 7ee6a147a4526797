import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.LinkedBlockingQueue;
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
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Mover BOOTSTRAP GROUP PROTOCOL INPUT OUTPUT TRANSACTIONAL-ID: reads, upper-cases and writes in transactions that
 * carry the group's offsets. After the line "hold" on standard input it says "OPEN N" when the next transaction has N
 * flushed records and its offsets, and waits with it for the line "commit" or "abort". Says "FATAL" and why when an
 * error leaves it no way on; stops when standard input ends.
 */
public final class Mover {
  private static volatile boolean stopping = false;
  private static volatile boolean holding = false;
  private static final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();

  public static void main(String[] arguments) throws Exception {
    String output = arguments[4];
    Thread reader = new Thread(Mover::listen);
    reader.setDaemon(true);
    reader.start();
    try (KafkaProducer<String, String> producer = producer(arguments);
        KafkaConsumer<String, String> consumer = consumer(arguments)) {
      while (true) {
        try {
          producer.initTransactions();
          break;
        } catch (TimeoutException failure) {
          System.err.println("again: " + failure);
        }
      }
      consumer.subscribe(java.util.List.of(arguments[3]));
      while (!stopping) {
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
        if (!records.isEmpty()) {
          move(records, output, producer, consumer);
        }
      }
    } catch (Exception failure) {
      System.out.println("FATAL " + failure);
      failure.printStackTrace();
      System.exit(1);
    }
  }

  private static void listen() {
    try (BufferedReader input = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        if (line.equals("hold")) {
          holding = true;
        } else {
          answers.add(line);
        }
      }
    } catch (java.io.IOException failure) {
      System.out.println("FATAL " + failure);
    }
    stopping = true;
    answers.add("commit");
  }

  private static void move(
      ConsumerRecords<String, String> records, String output, KafkaProducer<String, String> producer,
      KafkaConsumer<String, String> consumer) throws InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    boolean held = holding;
    try {
      producer.beginTransaction();
      for (ConsumerRecord<String, String> record : records) {
        producer.send(new ProducerRecord<>(output, record.partition(), record.key(), record.value().toUpperCase()));
        offsets.put(
            new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
      }
      if (held) {
        producer.flush();
      }
      producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
      if (held) {
        holding = false;
        System.out.println("OPEN " + records.count());
        if (answers.take().equals("abort")) {
          abort(producer, consumer);
          return;
        }
      }
      while (true) {
        try {
          producer.commitTransaction();
          break;
        } catch (TimeoutException failure) {
          System.err.println("commit again: " + failure);
        }
      }
    } catch (ProducerFencedException | OutOfOrderSequenceException | AuthorizationException
        | UnsupportedVersionException failure) {
      throw failure;
    } catch (KafkaException failure) {
      System.err.println("aborts: " + failure);
      abort(producer, consumer);
    }
  }

  private static void abort(KafkaProducer<String, String> producer, KafkaConsumer<String, String> consumer) {
    producer.abortTransaction();
    rewind(consumer, consumer.assignment());
  }

  /** Back to what the group has committed: what was read since then is not written. */
  private static void rewind(KafkaConsumer<String, String> consumer, Collection<TopicPartition> partitions) {
    while (true) {
      try {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(new java.util.HashSet<>(partitions));
        for (TopicPartition partition : partitions) {
          OffsetAndMetadata offset = committed.get(partition);
          consumer.seek(partition, offset == null ? 0 : offset.offset());
        }
        return;
      } catch (TimeoutException failure) {
        System.err.println("rewinds again: " + failure);
      }
    }
  }

  private static Properties common(String[] arguments) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", arguments[0]);
    settings.put("reconnect.backoff.ms", 20);
    settings.put("reconnect.backoff.max.ms", 100);
    return settings;
  }

  private static KafkaProducer<String, String> producer(String[] arguments) {
    Properties settings = common(arguments);
    settings.put("transactional.id", arguments[5]);
    settings.put("transaction.timeout.ms", 30000);
    settings.put("linger.ms", 2);
    return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
  }

  private static KafkaConsumer<String, String> consumer(String[] arguments) {
    Properties settings = common(arguments);
    settings.put("group.id", arguments[1]);
    settings.put("group.protocol", arguments[2]);
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    settings.put("max.poll.records", 5);
    if (arguments[2].equals("classic")) {
      settings.put("session.timeout.ms", 2000);
      settings.put("heartbeat.interval.ms", 200);
      settings.put(
          "partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor");
    }
    return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
  }
}
