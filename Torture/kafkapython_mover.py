"""kafkapython_mover BOOTSTRAP FOLDER NAME NUMBER GROUP PROTOCOL PARTITIONS INPUT OUTPUT: reads, writes and commits in
transactions that carry the group's offsets; aborts some of them and takes its time over others. NAME is its
transactional id."""
import sys
import time

from kafka import ConsumerRebalanceListener, KafkaProducer, OffsetAndMetadata
from kafka.errors import KafkaError

from kafkapython import common, consumer as made
from recorder import Recorder, give_up, now, numbers, stopping

bootstrap, folder, name, number, group, _, partitions, source, target = sys.argv[1:]
recorder, stop = Recorder(folder, name, number), stopping()


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, places):
        """Called from a poll: nothing that was read waits for its commit then."""

    def on_partitions_assigned(self, places):
        began = now()
        for place in places:
            recorder.line(began, "assigned", topic=place.topic, partition=place.partition, detail=group)


def produce(message, transaction):
    value, (origin, _), began = recorder.fresh(), numbers(message.value), now()
    partition = recorder.random.randrange(int(partitions))
    fields = {"topic": target, "partition": partition, "value": value, "transaction": transaction, "detail": origin}
    recorder.line(began, "send", outcome="asked", **fields)
    sent = producer.send(target, value=recorder.payload(value, origin), partition=partition)
    sent.add_callback(lambda metadata: recorder.line(began, "send", offset=max(metadata.offset, -1), **fields))
    sent.add_errback(lambda _: recorder.line(began, "send", outcome="info", **fields))


def abort(transaction, places):
    began = now()
    recorder.line(began, "abort", outcome="asked", transaction=transaction)
    producer.abort_transaction()
    recorder.line(began, "abort", transaction=transaction)
    for place in places:
        began = now()
        offset = consumer.committed(place, timeout_ms=20000)
        recorder.line(began, "committed", topic=source, partition=place.partition,
                      offset=-1 if offset is None else offset, detail=group)
        if place in consumer.assignment():
            consumer.seek(place, offset or 0)
            recorder.line(began, "assigned", topic=source, partition=place.partition, offset=offset or 0, detail=group)


def move(found):
    transaction, chance, asked = recorder.fresh(), recorder.random.random(), None
    offsets = {place: OffsetAndMetadata(messages[-1].offset + 1, "", -1) for place, messages in found.items()}
    try:
        producer.begin_transaction()
        for messages in found.values():
            for message in messages:
                produce(message, transaction)
        for place, offset in offsets.items():
            recorder.line(now(), "offset", outcome="asked", topic=source, partition=place.partition,
                          offset=offset.offset, transaction=transaction, detail=group)
        if chance < 0.5:
            producer.flush(10)
        producer.send_offsets_to_transaction(offsets, consumer.group_metadata())
        if chance < 0.06:
            time.sleep(chance * 20)
        if chance > 0.85:
            return abort(transaction, list(offsets))
        asked = now()
        recorder.line(asked, "commit", outcome="asked", transaction=transaction)
        producer.commit_transaction()
        recorder.line(asked, "commit", transaction=transaction)
    except KafkaError as failure:
        if asked is not None:
            recorder.line(asked, "commit", outcome="info", transaction=transaction)
        print("aborts:", repr(failure), file=sys.stderr, flush=True)
        abort(transaction, list(offsets))


try:
    consumer, polls = made(bootstrap, group), 0
    producer = KafkaProducer(**common(bootstrap), transactional_id=name, transaction_timeout_ms=10000, linger_ms=2,
                             request_timeout_ms=3000, delivery_timeout_ms=20000, max_block_ms=20000)
    producer.init_transactions()
    consumer.subscribe([source], listener=Listener())
    while not stop.is_set():
        began = now()
        found = {place: messages for place, messages in consumer.poll(timeout_ms=100).items() if messages}
        if not found:
            continue
        polls += 1
        recorder.write("".join(
            recorder.text(began, "read", topic=source, partition=m.partition, offset=m.offset,
                          value=numbers(m.value)[0], transaction=polls, detail=group)
            for messages in found.values() for m in messages))
        move(found)
    producer.close(5)
    consumer.close()
except KafkaError as failure:
    give_up(failure)
