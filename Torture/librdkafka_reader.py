"""librdkafka_reader BOOTSTRAP FOLDER NAME NUMBER GROUP PROTOCOL PARTITIONS TOPIC...: a member of a group that commits
what it has read, or, where GROUP is a dash, a consumer of its own that reads all partitions from their beginnings."""
import sys

from confluent_kafka import Consumer, KafkaException, TopicPartition

from librdkafka import consumer as settings
from recorder import Recorder, give_up, now, numbers, stopping

bootstrap, folder, name, number, group, protocol, partitions, *topics = sys.argv[1:]
recorder, stop = Recorder(folder, name, number), stopping()
alone = group == "-"
read, polls = {}, 0


def assigned(_, places):
    began = now()
    for place in places:
        read.pop((place.topic, place.partition), None)
        recorder.line(began, "assigned", topic=place.topic, partition=place.partition, detail=group)


def revoked(_, places):
    commit({(place.topic, place.partition) for place in places})


def lost(_, places):
    for place in places:
        read.pop((place.topic, place.partition), None)


def commit(which):
    """Commits what was read in these partitions; an error says nothing about what the server has done before."""
    places = {place: read.pop(place) for place in which if place in read}
    if not places:
        return
    began, outcome = now(), "ok"
    for (topic, partition), offset in places.items():
        recorder.line(began, "offset", outcome="asked", topic=topic, partition=partition, offset=offset, detail=group)
    try:
        consumer.commit(offsets=[TopicPartition(*place, offset) for place, offset in places.items()],
                        asynchronous=False)
    except KafkaException:
        outcome = "info"
    for (topic, partition), offset in places.items():
        recorder.line(began, "offset", outcome=outcome, topic=topic, partition=partition, offset=offset, detail=group)


consumer = Consumer(settings(bootstrap, "alone" if alone else group, "classic" if alone else protocol))
if alone:
    places = [TopicPartition(topic, partition, 0) for topic in topics for partition in range(int(partitions))]
    for place in places:
        recorder.line(now(), "assigned", topic=place.topic, partition=place.partition, offset=0)
    consumer.assign(places)
else:
    consumer.subscribe(topics, on_assign=assigned, on_revoke=revoked, on_lost=lost)
try:
    since = now()
    while not stop.is_set():
        began = now()
        message = consumer.poll(0.2)
        if message is not None and message.error() is not None and message.error().fatal():
            give_up(message.error())
        if message is not None and message.error() is None:
            polls += 1
            value, _ = numbers(message.value())
            recorder.line(began, "read", topic=message.topic(), partition=message.partition(), offset=message.offset(),
                          value=value, transaction=polls, detail=group)
            read[message.topic(), message.partition()] = message.offset() + 1
        if not alone and now() - since > 300_000_000:
            commit(set(read))
            since = now()
    consumer.close()
except KafkaException as failure:
    give_up(failure)
