"""confluent-kafka in a group, under either protocol: joins, rebalances, commits; after the server was killed, goes on
where it had committed."""
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, protocol, phase = sys.argv[1:]
GROUP, TOPIC, COUNT = f"{protocol}-workers", f"{protocol}-tasks", 400


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


def member():
    settings = {"bootstrap.servers": bootstrap, "group.id": GROUP, "enable.auto.commit": False,
                "auto.offset.reset": "earliest", "group.protocol": protocol}
    if protocol == "classic":
        settings |= {"session.timeout.ms": 10_000, "heartbeat.interval.ms": 500}
    consumer = Consumer(settings)
    consumer.subscribe([TOPIC])
    return consumer


def poll(m, seen):
    message = m.poll(0.05)
    if message is not None:
        check(message.error() is None, str(message.error()))
        seen.append((message.partition(), message.offset()))
        m.commit(message=message, asynchronous=False)


def share(members, sizes, seen):
    end = time.monotonic() + 60
    while sorted(len(m.assignment()) for m in members) != sorted(sizes):
        check(time.monotonic() < end, f"partitions are {[len(m.assignment()) for m in members]}, not {sizes}")
        for m in members:
            poll(m, seen)


def committed(m):
    found = m.committed([TopicPartition(TOPIC, p) for p in range(4)], timeout=30)
    return sum(max(p.offset, 0) for p in found)


if phase == "before":
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(TOPIC, 4, 1)])[TOPIC].result(30)
    producer = Producer({"bootstrap.servers": bootstrap})
    for i in range(COUNT):
        producer.produce(TOPIC, value=str(i), partition=i % 4)
    check(producer.flush(30) == 0, "not all delivered")
    seen = []
    first = member()
    share([first], [4], seen)
    second = member()
    share([first, second], [2, 2], seen)
    while len(seen) < COUNT // 2:
        poll(first, seen)
        poll(second, seen)
    check(committed(first) == len(set(seen)), f"{committed(first)} committed, {len(set(seen))} read")
    second.close()
    share([first], [4], seen)
    print(committed(first))
    first.close()
else:
    before, seen, third = int(phase), [], member()
    check(committed(third) == before, f"{committed(third)} committed after the restart, {before} before")
    end = time.monotonic() + 60
    while len(seen) < COUNT - before:
        check(time.monotonic() < end, f"{len(seen)} of {COUNT - before} records after a minute")
        poll(third, seen)
    check(len(set(seen)) == len(seen), "a record was read twice")
    third.close()
    print("ok")
