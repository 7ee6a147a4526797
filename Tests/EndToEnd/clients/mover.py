"""mover BOOTSTRAP GROUP PROTOCOL INPUT OUTPUT TRANSACTIONAL-ID: reads, upper-cases and writes in transactions that
carry the group's offsets.

After the line "hold" on standard input it says "OPEN N" when the next transaction has N flushed records and its offsets,
and waits with it for the line "commit" or "abort". Says "FATAL" and why when an error leaves it no way on; stops when
standard input ends.
"""
import queue
import sys
import threading

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

bootstrap, group, protocol, source, target, transactional_id = sys.argv[1:7]
# librdkafka 2.16 waits for ever for a coordinator that a rebootstrap took away (its issue 5511).
common = {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "log_level": 2,
          "metadata.recovery.strategy": "none"}
settings = {**common, "group.id": group, "group.protocol": protocol, "enable.auto.commit": False,
            "enable.auto.offset.store": False, "isolation.level": "read_committed", "auto.offset.reset": "earliest"}
if protocol == "classic":
    settings |= {"session.timeout.ms": 2000, "heartbeat.interval.ms": 200, "partition.assignment.strategy": "range"}
stopping, holding, answers = threading.Event(), threading.Event(), queue.Queue()


def listen():
    for line in iter(sys.stdin.readline, ""):
        if line == "hold\n":
            holding.set()
        else:
            answers.put(line)
    stopping.set()
    answers.put("commit\n")


def fatal(error):
    print("FATAL", error, flush=True)
    sys.exit(1)


def insist(step):
    """Repeats a step of the transaction as long as the client says that it may be repeated."""
    while True:
        try:
            return step()
        except KafkaException as failure:
            if not failure.args[0].retriable():
                raise
            print("again:", failure, file=sys.stderr, flush=True)


def nothing(consumer, partitions):
    """A rebalance waits for the application because it has callbacks: none falls between reading and committing."""


def rewind(read):
    """Back to what the group has committed in the partitions that were read: what was read since then is not written.

    The others stay: librdkafka 2.16 answers a seek while it asks where a partition begins by asking again, and goes to
    the beginning when it knows it, however much has been read and committed by then.
    """
    for partition in insist(lambda: consumer.committed(read, timeout=10)):
        try:
            consumer.seek(TopicPartition(partition.topic, partition.partition, max(partition.offset, 0)))
        except KafkaException as failure:
            print("no longer assigned:", failure, file=sys.stderr, flush=True)


def abort(read):
    insist(lambda: producer.abort_transaction(10))
    rewind(read)


def move(messages):
    held = holding.is_set()
    # The last of a partition counts.
    offsets = {message.partition(): message.offset() + 1 for message in messages}
    positions = [TopicPartition(source, partition, offset) for partition, offset in offsets.items()]
    try:
        producer.begin_transaction()
        for message in messages:
            producer.produce(target, key=message.key(), value=message.value().upper(), partition=message.partition())
        while held and producer.flush(10) > 0:
            print("still flushing", file=sys.stderr, flush=True)
        insist(lambda: producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), 10))
        if held:
            holding.clear()
            print("OPEN", len(messages), flush=True)
            if answers.get() == "abort\n":
                abort(positions)
                return
        insist(lambda: producer.commit_transaction(10))
    except KafkaException as failure:
        if failure.args[0].fatal() or not failure.args[0].txn_requires_abort():
            fatal(failure)
        print("aborts:", failure, file=sys.stderr, flush=True)
        abort(positions)


threading.Thread(target=listen, daemon=True).start()
consumer = Consumer(settings)
producer = Producer({**common, "transactional.id": transactional_id, "transaction.timeout.ms": 30000, "linger.ms": 2})
try:
    insist(lambda: producer.init_transactions(10))
    consumer.subscribe([source], on_assign=nothing, on_revoke=nothing, on_lost=nothing)
    while not stopping.is_set():
        read = consumer.consume(5, 0.1)
        for message in read:
            if message.error() is not None and message.error().fatal():
                fatal(message.error())
        read = [message for message in read if message.error() is None]
        if read:
            move(read)
    consumer.close()
except KafkaException as failure:
    fatal(failure)
