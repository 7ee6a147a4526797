"""confluent-kafka: administers, produces idempotently with every codec, reads back by assignment."""
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, ResourceType

bootstrap = sys.argv[1]


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic("events", 2, 1, config={"retention.ms": "3600000"})])["events"].result(30)
metadata = admin.list_topics(timeout=30)
check(len(metadata.topics["events"].partitions) == 2, "not two partitions")
resource = ConfigResource(ResourceType.TOPIC, "events")
described = admin.describe_configs([resource])[resource].result(30)
check(described["retention.ms"].value == "3600000", "retention.ms is not what was set")

failures = []


def delivered(error, message):
    if error is not None:
        failures.append(str(error))


for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec,
                         "linger.ms": 5})
    for i in range(1000):
        producer.produce("events", key=str(i % 10), value=f"{codec} {i}", partition=i % 2, on_delivery=delivered)
        producer.poll(0)
    check(producer.flush(30) == 0, f"{codec}: not all delivered")
check(not failures, f"deliveries failed: {failures[:3]}")

consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
                     "enable.partition.eof": False})
for p in range(2):
    low, high = consumer.get_watermark_offsets(TopicPartition("events", p), timeout=30)
    check((low, high) == (0, 2500), f"watermarks are {low}, {high}")
consumer.assign([TopicPartition("events", p, OFFSET_BEGINNING) for p in range(2)])
count, expected = 0, [0, 0]
while count < 5000:
    message = consumer.poll(20)
    check(message is not None, f"nothing more after {count} messages")
    check(message.error() is None, str(message.error()))
    check(message.offset() == expected[message.partition()], "an offset out of turn")
    expected[message.partition()] += 1
    count += 1
consumer.close()

admin.create_partitions([NewPartitions("events", 4)])["events"].result(30)
check(len(admin.list_topics(timeout=30).topics["events"].partitions) == 4, "not four partitions")
admin.delete_topics(["events"])["events"].result(30)
check("events" not in admin.list_topics(timeout=30).topics, "the deleted topic is still there")
print("ok")
