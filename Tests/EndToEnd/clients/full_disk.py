"""full_disk COMMAND BOOTSTRAP FILE: confluent-kafka against a node whose disk fills up.

Acknowledged records are noted in FILE, one line "topic offset number" each. Commands:
  fill     keeps 200 records in "keep", then writes to "bulk" until for a while all is refused; names the refusal
  refill   writes to "bulk" again until for a while all is refused
  write    100 more records to "keep", with the client's own retries
  delete   deletes "bulk"; every other line of FILE stays
  purge    deletes the records of "bulk" (DeleteRecords) and forgets them
  verify   every record of FILE lies at its offset
"""
import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

command, bootstrap, path = sys.argv[1:4]
SIZE = 20_000
admin = AdminClient({"bootstrap.servers": bootstrap})
refusals = []
noted = open(path, "a")


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


def value(number):
    return f"{number} ".encode() + bytes([number % 251]) * SIZE


def delivered(error, message):
    if error is not None:
        refusals.append(error)
    else:
        print(message.topic(), message.offset(), int(message.value().split(b" ", 1)[0]), file=noted, flush=True)


def producer(**options):
    return Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, "batch.num.messages": 10, "log_level": 2,
                     "message.timeout.ms": 60000} | options)


def lines():
    with open(path) as file:
        return [(topic, int(offset), int(number)) for topic, offset, number in map(str.split, file)]


def verify(topics=None):
    wanted = {}
    for topic, offset, number in lines():
        wanted.setdefault(topic, {})[offset] = number
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False})
    count = 0
    for topic, records in sorted(wanted.items()):
        if topics and topic not in topics:
            continue
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=20)
        check(low <= min(records) and high > max(records), f"{topic} spans {low} to {high}")
        consumer.assign([TopicPartition(topic, 0, low)])
        left = dict(records)
        while left:
            message = consumer.poll(20)
            check(message is not None and message.error() is None, f"{topic}: {len(left)} are missing")
            number = left.pop(message.offset(), None)
            check(number is None or message.value() == value(number), f"{topic}: offset {message.offset()} is another")
        count += len(records)
    consumer.close()
    return count


def fill_bulk():
    bulk = producer(retries=0)
    number, accepted_at, deadline = 0, time.monotonic(), time.monotonic() + 90
    # Admission is cautious between two measurements of the volume: full is what stays full.
    while time.monotonic() < min(accepted_at + 3, deadline):
        before = len(refusals)
        for _ in range(50):
            bulk.produce("bulk", value=value(number), partition=0, on_delivery=delivered)
            number += 1
        bulk.flush(60)
        if len(refusals) < before + 50:
            accepted_at = time.monotonic()
    check(refusals, "the disk never filled up")
    check(all(error.code() == KafkaError.KAFKA_STORAGE_ERROR for error in refusals), refusals[0].name())


if command == "fill":
    for future in admin.create_topics([NewTopic("keep", 1, 1), NewTopic("bulk", 1, 1)]).values():
        future.result(30)
    writer = producer()
    for number in range(200):
        writer.produce("keep", value=value(number), partition=0, on_delivery=delivered)
    check(writer.flush(60) == 0 and not refusals, "the first records were refused")
    fill_bulk()
    names = sorted({error.name() for error in refusals})
    check({"keep", "bulk"} <= set(admin.list_topics(timeout=20).topics), "the metadata miss a topic")
    print(*names, verify({"keep"}), "read")
elif command == "refill":
    fill_bulk()
elif command == "write":
    writer = producer()
    for number in range(1000, 1100):
        writer.produce("keep", value=value(number), partition=0, on_delivery=delivered)
    check(writer.flush(60) == 0 and not refusals, f"refused: {refusals[:1]}")
elif command in ("delete", "purge"):
    if command == "delete":
        admin.delete_topics(["bulk"], operation_timeout=30)["bulk"].result(40)
    else:
        asked = TopicPartition("bulk", 0, -1)
        done = list(admin.delete_records([asked]).values())[0].result(40)
        check(done.low_watermark > 0, "nothing was deleted")
    kept = [line for line in lines() if line[0] != "bulk"]
    with open(path, "w") as file:
        for line in kept:
            print(*line, file=file)
else:
    print(verify(), "there")
