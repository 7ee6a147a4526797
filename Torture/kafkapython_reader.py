"""kafkapython_reader BOOTSTRAP FOLDER NAME NUMBER GROUP PROTOCOL PARTITIONS TOPIC...: a member of a classic group that
commits what it has read, or, where GROUP is a dash, a consumer of its own that reads all partitions from their
beginnings."""
import sys

from kafka import ConsumerRebalanceListener, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from kafkapython import consumer as made
from recorder import Recorder, give_up, now, numbers, stopping

bootstrap, folder, name, number, group, _, partitions, *topics = sys.argv[1:]
recorder, stop = Recorder(folder, name, number), stopping()
alone = group == "-"
read = {}


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, places):
        commit(places)

    def on_partitions_lost(self, places):
        for place in places:
            read.pop(place, None)

    def on_partitions_assigned(self, places):
        began = now()
        for place in places:
            read.pop(place, None)
            recorder.line(began, "assigned", topic=place.topic, partition=place.partition, detail=group)


def commit(which):
    """Commits what was read in these partitions; an error says nothing about what the server has done before."""
    places = {place: read.pop(place) for place in list(which) if place in read}
    if not places:
        return
    began, outcome = now(), "ok"
    for place, offset in places.items():
        recorder.line(began, "offset", outcome="asked", topic=place.topic, partition=place.partition, offset=offset,
                      detail=group)
    try:
        consumer.commit({place: OffsetAndMetadata(offset, "", -1) for place, offset in places.items()}, 10000)
    except KafkaError:
        outcome = "info"
    for place, offset in places.items():
        recorder.line(began, "offset", outcome=outcome, topic=place.topic, partition=place.partition, offset=offset,
                      detail=group)


try:
    consumer, polls, since = made(bootstrap, None if alone else group), 0, now()
    if alone:
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(int(partitions))]
        consumer.assign(places)
        for place in places:
            recorder.line(now(), "assigned", topic=place.topic, partition=place.partition, offset=0)
            consumer.seek(place, 0)
    else:
        consumer.subscribe(topics, listener=Listener())
    while not stop.is_set():
        began = now()
        found = consumer.poll(timeout_ms=200)
        polls += 1
        for place, messages in found.items():
            recorder.write("".join(
                recorder.text(began, "read", topic=place.topic, partition=place.partition, offset=m.offset,
                              value=numbers(m.value)[0], transaction=polls, detail=group) for m in messages))
            read[place] = messages[-1].offset + 1
        if not alone and now() - since > 300_000_000:
            commit(read)
            since = now()
    consumer.close()
except KafkaError as failure:
    give_up(failure)
