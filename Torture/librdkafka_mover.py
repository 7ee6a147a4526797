"""librdkafka_mover BOOTSTRAP FOLDER NAME NUMBER GROUP PROTOCOL PARTITIONS INPUT OUTPUT: reads, writes and commits in
transactions that carry the group's offsets; aborts some of them and takes its time over others. NAME is its
transactional id."""
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from librdkafka import common, consumer as settings, insist
from recorder import Recorder, give_up, now, numbers, stopping

bootstrap, folder, name, number, group, protocol, partitions, source, target = sys.argv[1:]
recorder, stop = Recorder(folder, name, number), stopping()
polls = 0


def assigned(_, places):
    began = now()
    for place in places:
        recorder.line(began, "assigned", topic=place.topic, partition=place.partition, detail=group)


def nothing(consumer, places):
    """A rebalance waits for the application because it has callbacks: none falls between reading and committing."""


def produce(message, transaction):
    value, (origin, _), began = recorder.fresh(), numbers(message.value()), now()
    fields = {"topic": target, "partition": recorder.random.randrange(int(partitions)), "value": value,
              "transaction": transaction, "detail": origin}

    def delivered(error, sent):
        outcome = {"outcome": "info"} if error is not None else {"offset": max(sent.offset(), -1)}
        recorder.line(began, "send", **fields, **outcome)

    recorder.line(began, "send", outcome="asked", **fields)
    producer.produce(target, value=recorder.payload(value, origin), partition=fields["partition"],
                     on_delivery=delivered)


def abort(transaction, places):
    began = now()
    recorder.line(began, "abort", outcome="asked", transaction=transaction)
    insist(lambda: producer.abort_transaction(10), stop)
    recorder.line(began, "abort", transaction=transaction)
    # Back to what the group has committed in the partitions that were read; the others stay: librdkafka 2.16 may go to
    # the beginning when it is told to seek while it asks where a partition begins.
    began = now()
    for place in insist(lambda: consumer.committed(places, timeout=10), stop):
        offset = max(place.offset, -1)
        recorder.line(began, "committed", topic=source, partition=place.partition, offset=offset, detail=group)
        try:
            consumer.seek(TopicPartition(source, place.partition, max(offset, 0)))
        except KafkaException:
            continue  # it is another member's now
        recorder.line(began, "assigned", topic=source, partition=place.partition, offset=max(offset, 0), detail=group)


def move(messages):
    transaction, chance = recorder.fresh(), recorder.random.random()
    # The last of a partition counts.
    offsets = {message.partition(): message.offset() + 1 for message in messages}
    places = [TopicPartition(source, partition, offset) for partition, offset in offsets.items()]
    asked = None
    try:
        producer.begin_transaction()
        for message in messages:
            produce(message, transaction)
        for place in places:
            recorder.line(now(), "offset", outcome="asked", topic=source, partition=place.partition,
                          offset=place.offset, transaction=transaction, detail=group)
        if chance < 0.5:
            producer.flush(10)
        insist(lambda: producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata(), 10), stop)
        if chance < 0.06:
            time.sleep(chance * 20)
        if chance > 0.85:
            return abort(transaction, places)
        asked = now()
        recorder.line(asked, "commit", outcome="asked", transaction=transaction)
        insist(lambda: producer.commit_transaction(10), stop)
        recorder.line(asked, "commit", transaction=transaction)
    except KafkaException as failure:
        if asked is not None:
            recorder.line(asked, "commit", outcome="info", transaction=transaction)
        if failure.args[0].fatal() or not failure.args[0].txn_requires_abort():
            give_up(failure)
        abort(transaction, places)


consumer = Consumer(settings(bootstrap, group, protocol))
producer = Producer({**common(bootstrap), "transactional.id": name, "transaction.timeout.ms": 10000, "linger.ms": 2,
                     "request.timeout.ms": 3000, "compression.type": "zstd"})
try:
    insist(lambda: producer.init_transactions(20), stop)
    consumer.subscribe([source], on_assign=assigned, on_revoke=nothing, on_lost=nothing)
    while not stop.is_set():
        began = now()
        batch = consumer.consume(20, 0.1)
        for message in batch:
            if message.error() is not None and message.error().fatal():
                give_up(message.error())
        batch = [message for message in batch if message.error() is None]
        if not batch:
            continue
        polls += 1
        recorder.write("".join(
            recorder.text(began, "read", topic=source, partition=m.partition(), offset=m.offset(),
                          value=numbers(m.value())[0], transaction=polls, detail=group) for m in batch))
        move(batch)
    consumer.close()
except KafkaException as failure:
    give_up(failure)
