"""kafka-python in a group: joins, rebalances, commits; after the server was killed, goes on where it had committed."""
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

bootstrap, phase = sys.argv[1:]
GROUP, TOPIC, COUNT = "workers", "tasks", 400


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


def member(name):
    return KafkaConsumer(TOPIC, bootstrap_servers=bootstrap, group_id=GROUP, client_id=name,
                         enable_auto_commit=False, auto_offset_reset="earliest", session_timeout_ms=10_000,
                         heartbeat_interval_ms=500, max_poll_records=20)


def share(members, sizes, seconds=60):
    """Polls until the members hold that many partitions; what they read on the way is given back."""
    end = time.monotonic() + seconds
    while sorted(len(m.assignment()) for m in members) != sorted(sizes):
        check(time.monotonic() < end, f"partitions are {[len(m.assignment()) for m in members]}, not {sizes}")
        for m in members:
            m.poll(timeout_ms=100)
            m.seek_to_committed_or_start()


def seek_to_committed_or_start(self):
    for p in self.assignment():
        self.seek(p, self.committed(p) or 0)


KafkaConsumer.seek_to_committed_or_start = seek_to_committed_or_start


def read(members, count):
    seen, end = [], time.monotonic() + 60
    while len(seen) < count:
        check(time.monotonic() < end, f"{len(seen)} of {count} records after a minute")
        for m in members:
            for records in m.poll(timeout_ms=200).values():
                seen += [(r.partition, r.offset) for r in records]
    return seen


if phase == "before":
    KafkaAdminClient(bootstrap_servers=bootstrap).create_topics([NewTopic(TOPIC, 4, 1)])
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for i in range(COUNT):
        producer.send(TOPIC, value=b"%d" % i, partition=i % 4)
    producer.flush()
    first = member("first")
    share([first], [4])
    second = member("second")
    share([first, second], [2, 2])
    seen = read([first, second], COUNT // 2)
    check(len(set(seen)) == len(seen), "a record was read twice within the group")
    first.commit()
    second.commit()
    second.close()
    share([first], [4])
    committed = sum(first.committed(TopicPartition(TOPIC, p)) or 0 for p in range(4))
    check(committed == len(seen), f"{committed} committed, {len(seen)} read")
    print(committed)
else:
    committed = int(phase)
    third = member("third")
    share([third], [4])
    seen = read([third], COUNT - committed)
    check(len(set(seen)) == len(seen) == COUNT - committed, f"{len(seen)} read after {committed} of {COUNT}")
    third.commit()
    third.close()
    groups = KafkaAdminClient(bootstrap_servers=bootstrap)
    check(any(GROUP in str(g) for g in groups.list_groups()), "the group is not listed")
    print("ok")
