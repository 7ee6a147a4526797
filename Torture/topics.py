"""topics BOOTSTRAP PARTITIONS TOPIC...: makes the topics, as soon as there is a server that does."""
import sys
import time

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from librdkafka import common

bootstrap, partitions, *topics = sys.argv[1:]
admin, deadline = AdminClient(common(bootstrap)), time.monotonic() + 60
missing = set(topics)
while missing:
    asked = admin.create_topics([NewTopic(topic, int(partitions), 1) for topic in missing], operation_timeout=10)
    for topic, made in asked.items():
        try:
            made.result(15)
            missing.discard(topic)
        except KafkaException as failure:
            if failure.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                missing.discard(topic)
            elif time.monotonic() > deadline:
                raise
print("made", flush=True)
