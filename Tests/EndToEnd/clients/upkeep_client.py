"""What upkeep does to a topic, as confluent-kafka sees it: retention, compaction, records deleted, partitions added.

The server must look after its topics several times a second.
"""
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

bootstrap = sys.argv[1]
LIMIT = 60


def check(condition, complaint):
    if not condition:
        sys.exit(complaint)


admin = AdminClient({"bootstrap.servers": bootstrap})
consumer = Consumer(
    {"bootstrap.servers": bootstrap, "group.id": "upkeep", "enable.auto.commit": False, "enable.partition.eof": True})
producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 0, "batch.num.messages": 10})


def create(name, **config):
    admin.create_topics([NewTopic(name, 1, 1, config={key.replace("_", "."): value for key, value in config.items()})])[
        name].result(30)


def produce(topic, pairs, partition=0):
    failures = []
    for key, value in pairs:
        producer.produce(topic, key=key, value=value, partition=partition,
                         on_delivery=lambda error, message: failures.append(error) if error else None)
    check(producer.flush(30) == 0 and not failures, f"not everything was stored in {topic}: {failures}")


def ends(topic, partition=0):
    return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)


def read(topic, start=0):
    """The records of partition 0 from an offset on: (offset, key, value)."""
    consumer.assign([TopicPartition(topic, 0, start)])
    found = []
    while True:
        message = consumer.poll(30)
        check(message is not None, f"{topic} cannot be read to its end")
        if message.error():
            check(message.error().name() == "_PARTITION_EOF", f"{topic}: {message.error()}")
            return found
        found.append((message.offset(), message.key(), message.value()))


def until(condition, complaint):
    limit = time.monotonic() + LIMIT
    while not condition():
        check(time.monotonic() < limit, complaint)


# Retention by time: all that is older than a second goes, and offsets go on where they were.
create("aging", retention_ms="1000", segment_ms="200", file_delete_delay_ms="0")
produce("aging", [(None, b"old %d" % n) for n in range(100)])
until(lambda: ends("aging")[0] == 100, "old records are kept")
check(read("aging", 100) == [], "removed records are read")
produce("aging", [(None, b"young")])
check(ends("aging")[1] == 101, "offsets do not go on")

# Compaction: the last value of each key stays, at its offset.
create("states", cleanup_policy="compact", segment_ms="200", min_cleanable_dirty_ratio="0.01", file_delete_delay_ms="0")
produce("states", [(b"k%d" % (n % 5), b"%d" % n) for n in range(500)])


def compacted():
    # A closed segment is compacted, and one is closed when a record comes: each look adds one.
    produce("states", [(b"more", b"")])
    return len(read("states")) < 300


until(compacted, "nothing is compacted")
last = {key: (offset, value) for offset, key, value in read("states")}
for n in range(495, 500):
    check(last[b"k%d" % (n % 5)] == (n, b"%d" % n), f"the last value of k{n % 5} is lost: {last}")

# Records deleted up to an offset.
create("trimmed")
produce("trimmed", [(None, b"%d" % n) for n in range(50)])
low = admin.delete_records([TopicPartition("trimmed", 0, 30)])
check([result.result(30).low_watermark for result in low.values()] == [30], "the answer names another offset")
check(ends("trimmed") == (30, 50), f"the log has other ends: {ends('trimmed')}")
check([value for _, _, value in read("trimmed", 30)] == [b"%d" % n for n in range(30, 50)], "other records are left")

# Partitions added: the old one keeps its records, the new ones take some.
admin.create_partitions([NewPartitions("trimmed", 3)])["trimmed"].result(30)
until(lambda: len(admin.list_topics("trimmed", timeout=30).topics["trimmed"].partitions) == 3, "no partitions are added")
fresh = Producer({"bootstrap.servers": bootstrap})
fresh.produce("trimmed", value=b"new", partition=2)
check(fresh.flush(30) == 0, "a new partition takes no records")
consumer.list_topics("trimmed", timeout=30)
check(ends("trimmed", 2) == (0, 1) and ends("trimmed") == (30, 50), "the partitions have other ends")
consumer.close()
