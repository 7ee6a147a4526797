"""A group in trouble, of confluent-kafka's consumers: makes one cause of lag, says when it is there, and keeps it up until
its standard input ends."""
import select
import sys
import time

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, trouble = sys.argv[1:]
GROUP = TOPIC = trouble
admin = AdminClient({"bootstrap.servers": bootstrap})
producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})


def topic(partitions):
    admin.create_topics([NewTopic(TOPIC, partitions, 1)])[TOPIC].result(30)


def write(partition, count):
    for i in range(count):
        producer.produce(TOPIC, value=b"event", partition=partition)
    if producer.flush(30) != 0:
        sys.exit("not all delivered")


def member(name):
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": GROUP, "client.id": name, "group.protocol": "classic",
        "enable.auto.commit": False, "auto.offset.reset": "earliest", "isolation.level": "read_committed",
        "session.timeout.ms": 10_000, "heartbeat.interval.ms": 100})
    consumer.subscribe([TOPIC])
    return consumer


def read(consumer, count, commits=True, seconds=30):
    """Reads up to so many records, each committed; how many it got."""
    end, got = time.monotonic() + seconds, 0
    while got < count and time.monotonic() < end:
        message = consumer.poll(0.05)
        if message is None or message.error():
            continue
        got += 1
        if commits:
            consumer.commit(message=message, asynchronous=False)
    return got


def joined(consumers):
    end = time.monotonic() + 60
    while not all(c.memberid() for c in consumers) or not any(c.assignment() for c in consumers):
        if time.monotonic() > end:
            sys.exit("the members did not join")
        for consumer in consumers:
            consumer.poll(0.05)


def keep_up(step):
    """Says that the trouble is there, and repeats the step until nobody wants to see it any more."""
    step()
    print("there", flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        step()


def no_members():
    topic(1)
    write(0, 50)
    reader = member("reader")
    read(reader, 10)
    reader.close()
    keep_up(lambda: None)


def member_never_commits():
    topic(1)
    write(0, 50)
    reader = member("forgetful")
    read(reader, 50, commits=False)
    keep_up(lambda: reader.poll(0.05))


def more_members_than_partitions():
    topic(1)
    readers = [member("one"), member("two")]
    joined(readers)
    write(0, 100)

    def step():
        write(0, 20)
        # Whose the partition is may change while the members still join.
        for _ in range(60):
            if sum(read(reader, 1, seconds=1 if reader.assignment() else 0.05) for reader in readers):
                return
        sys.exit("neither member reads")
    keep_up(step)


def lagging(partitions, first, each, hands):
    topic(partitions)
    for partition, count in enumerate(first):
        write(partition, count)
    reader = member("steady")

    def step():
        for partition, count in enumerate(each):
            write(partition, count)
        read(reader, hands)
    keep_up(step)


def open_transaction():
    topic(1)
    write(0, 5)
    reader = member("careful")
    read(reader, 5)
    held = Producer({"bootstrap.servers": bootstrap, "transactional.id": "payments"})
    held.init_transactions()
    held.begin_transaction()
    held.produce(TOPIC, value=b"held")
    held.flush(30)
    write(0, 20)
    keep_up(lambda: reader.poll(0.05))


def rebalance_loop():
    topic(4)
    write(0, 50)
    steady = member("steady")
    joined([steady])

    def step():
        other = member("restless")
        end = time.monotonic() + 20
        while not other.assignment() and time.monotonic() < end:
            other.poll(0.02)
            steady.poll(0.02)
        other.close()
        read(steady, 1, seconds=2)
    keep_up(step)


def healthy():
    topic(1)
    write(0, 30)
    reader = member("reader")
    read(reader, 30)
    keep_up(lambda: reader.poll(0.05))


{
    "no_members": no_members,
    "member_never_commits": member_never_commits,
    "more_members_than_partitions": more_members_than_partitions,
    "hot_partition": lambda: lagging(4, [2_000, 5, 5, 5], [20, 0, 0, 0], 2),
    "too_slow": lambda: lagging(2, [500, 500], [10, 10], 2),
    "catching_up": lambda: lagging(1, [100_000], [], 10),
    "open_transaction": open_transaction,
    "rebalance_loop": rebalance_loop,
    "healthy": healthy,
}[trouble]()
