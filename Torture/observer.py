"""observer BOOTSTRAP FOLDER NAME NUMBER TOPIC PARTITIONS GROUP...: asks for the groups' offsets again and again."""
import sys

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from librdkafka import common
from recorder import Recorder, now, stopping

bootstrap, folder, name, number, topic, partitions, *groups = sys.argv[1:]
recorder, stop = Recorder(folder, name, number), stopping()
admin = AdminClient(common(bootstrap))
places = [TopicPartition(topic, partition) for partition in range(int(partitions))]
while not stop.wait(0.3):
    for group in groups:
        began = now()
        try:
            asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)], request_timeout=4)
            told = asked[group].result(5).topic_partitions
        except (KafkaException, TimeoutError):
            continue
        recorder.write("".join(
            recorder.text(began, "committed", topic=topic, partition=place.partition, offset=max(place.offset, -1),
                          detail=group) for place in told if place.error is None))
