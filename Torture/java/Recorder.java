import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Properties;
import java.util.Random;

/**
 * What every Java worker shares: its end, and the history it writes. A line is written before a call whose outcome a
 * kill could hide, and after it, straight to the system. System.nanoTime is CLOCK_MONOTONIC, which the others use too.
 */
final class Recorder {
  static volatile boolean stopping = false;
  private static final String PADDING = ".".repeat(2000);

  final Random random;
  private final String process;
  private final long number;
  private final FileChannel file;
  private long next = 0;

  Recorder(String folder, String name, String number) throws IOException {
    this.number = Long.parseLong(number);
    process = name + "-" + number;
    random = new Random(this.number);
    file = FileChannel.open(
        Path.of(folder, process + ".tsv"), StandardOpenOption.CREATE, StandardOpenOption.WRITE,
        StandardOpenOption.APPEND);
    Thread reader = new Thread(Recorder::awaitEnd);
    reader.setDaemon(true);
    reader.start();
  }

  private static void awaitEnd() {
    try {
      while (System.in.read() >= 0) {
        continue;
      }
    } catch (IOException failure) {
      System.err.println("standard input: " + failure);
    }
    stopping = true;
  }

  static long now() {
    return System.nanoTime();
  }

  /** A number that no worker has used and none will use: for values and transactions. */
  synchronized long fresh() {
    next += 1;
    return number << 40 | next;
  }

  String text(
      long began, String operation, String outcome, String topic, int partition, long offset, long value,
      long transaction, String detail) {
    return String.join(
        "\t", Long.toString(began), Long.toString(now()), process, operation, outcome, topic, dash(partition),
        dash(offset), dash(value), dash(transaction), detail) + "\n";
  }

  void line(
      long began, String operation, String outcome, String topic, int partition, long offset, long value,
      long transaction, String detail) {
    write(text(began, operation, outcome, topic, partition, offset, value, transaction, detail));
  }

  synchronized void write(String text) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException failure) {
      giveUp(failure);
    }
  }

  private static String dash(long number) {
    return number < 0 ? "-" : Long.toString(number);
  }

  /** A record's value: its number, that of the record it was made from, and something to make it long. */
  String payload(long value, String source) {
    int length = 1 + random.nextInt(1 << (1 + random.nextInt(10)));
    return value + " " + source + " " + PADDING.substring(0, length);
  }

  static long value(String payload) {
    return Long.parseLong(payload.substring(0, payload.indexOf(' ')));
  }

  /** A client that knows no way on is replaced by the driver, like one that was killed. */
  static void giveUp(Exception reason) {
    System.err.println("gives up: " + reason);
    Runtime.getRuntime().halt(3);
  }

  static Properties common(String bootstrap) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("reconnect.backoff.ms", 20);
    settings.put("reconnect.backoff.max.ms", 200);
    settings.put("retry.backoff.ms", 50);
    settings.put("metadata.max.age.ms", 5000);
    settings.put("request.timeout.ms", 4000);
    return settings;
  }

  static Properties consumer(String bootstrap, String group, String protocol) {
    Properties settings = common(bootstrap);
    settings.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    settings.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    settings.put("enable.auto.commit", false);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    settings.put("fetch.max.wait.ms", 200);
    settings.put("max.poll.records", 20);
    if (!group.equals("-")) {
      settings.put("group.id", group);
      settings.put("group.protocol", protocol);
      if (protocol.equals("classic")) {
        settings.put("session.timeout.ms", 6000);
        settings.put("heartbeat.interval.ms", 500);
        settings.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor");
      }
    }
    return settings;
  }

  static Properties producer(String bootstrap) {
    Properties settings = common(bootstrap);
    settings.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    settings.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    settings.put("linger.ms", 5);
    settings.put("compression.type", "lz4");
    return settings;
  }
}
