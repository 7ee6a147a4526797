import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Materialized;

/**
 * WordCount BOOTSTRAP INPUT OUTPUT STATE-FOLDER: counts words with exactly-once v2, every new count a record.
 *
 * Says "FATAL" and why when Kafka Streams gives up; stops when standard input ends.
 */
public final class WordCount {
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "word-count");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put("repartition.purge.interval.ms", 500);
    settings.put("reconnect.backoff.ms", 20);
    settings.put("reconnect.backoff.max.ms", 100);
    settings.put("consumer.auto.offset.reset", "earliest");
    settings.put("consumer.session.timeout.ms", 3000);
    settings.put("consumer.heartbeat.interval.ms", 300);
    settings.put("producer.transaction.timeout.ms", 5000);

    StreamsBuilder builder = new StreamsBuilder();
    builder.<String, String>stream(arguments[1])
        .flatMapValues(line -> List.of(line.split(" ")))
        .groupBy((key, word) -> word)
        .count(Materialized.as("counts"))
        .toStream()
        .mapValues(count -> Long.toString(count))
        .to(arguments[2]);

    CountDownLatch ending = new CountDownLatch(1);
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setUncaughtExceptionHandler(failure -> {
      System.out.println("FATAL " + failure);
      failure.printStackTrace();
      ending.countDown();
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    streams.start();
    Thread reader = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {
        }
      } catch (java.io.IOException failure) {
        System.out.println("FATAL " + failure);
      }
      ending.countDown();
    });
    reader.setDaemon(true);
    reader.start();
    ending.await();
    if (!streams.close(Duration.ofSeconds(30))) {
      System.out.println("FATAL it does not close");
    }
  }
}
