import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/** TortureProducer BOOTSTRAP FOLDER NAME NUMBER TOPIC PARTITIONS RATE: an idempotent producer. */
public final class TortureProducer {
  private static final AtomicInteger waiting = new AtomicInteger();

  public static void main(String[] arguments) throws Exception {
    Recorder recorder = new Recorder(arguments[1], arguments[2], arguments[3]);
    int partitions = Integer.parseInt(arguments[5]);
    int rate = Integer.parseInt(arguments[6]);
    Properties settings = Recorder.producer(arguments[0]);
    settings.put("enable.idempotence", true);
    settings.put("delivery.timeout.ms", 3600000);
    settings.put("batch.size", 8192);
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
      while (!Recorder.stopping) {
        long due = System.nanoTime() + 50_000_000;
        for (int left = Math.min(rate / 20, 1000 - waiting.get()); left > 0; left--) {
          send(producer, recorder, arguments[4], recorder.random.nextInt(partitions));
        }
        LockSupport.parkNanos(due - System.nanoTime());
      }
      producer.close(Duration.ofSeconds(60));
    } catch (KafkaException failure) {
      Recorder.giveUp(failure);
    }
  }

  private static void send(
      KafkaProducer<String, String> producer, Recorder recorder, String topic, int partition) {
    long value = recorder.fresh();
    long began = Recorder.now();
    recorder.line(began, "send", "asked", topic, partition, -1, value, -1, "-");
    waiting.incrementAndGet();
    producer.send(
        new ProducerRecord<>(topic, partition, null, recorder.payload(value, "-")),
        (metadata, failure) -> {
          waiting.decrementAndGet();
          String outcome = failure == null ? "ok" : "info";
          long offset = failure == null ? metadata.offset() : -1;
          recorder.line(began, "send", outcome, topic, partition, offset, value, -1, "-");
        });
  }
}
