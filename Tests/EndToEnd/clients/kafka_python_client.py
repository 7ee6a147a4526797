"""kafka-python: administers, produces with every codec, reads back without a group."""
import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

bootstrap = sys.argv[1]


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


admin = KafkaAdminClient(bootstrap_servers=bootstrap)
admin.create_topics([NewTopic("orders", num_partitions=3, replication_factor=1)])
check("orders" in admin.list_topics(), "the topic is not listed")

for codec in (None, "gzip", "snappy", "lz4", "zstd"):
    producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, acks="all", linger_ms=5)
    waiting = [
        producer.send("orders", key=b"k%d" % i, value=b"%s %d" % (str(codec).encode(), i), partition=i % 3,
                      headers=[("codec", str(codec).encode())])
        for i in range(300)
    ]
    producer.flush(30)
    offsets = [future.get(30).offset for future in waiting]
    check(all(b - a == 1 for a, b in zip(offsets[0::3], offsets[3::3])), f"{codec}: offsets are not consecutive")
    producer.close()

partitions = [TopicPartition("orders", p) for p in range(3)]
consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False,
                         consumer_timeout_ms=15000)
ends = consumer.end_offsets(partitions)
check(set(ends.values()) == {500}, f"end offsets are {ends}")
check(set(consumer.beginning_offsets(partitions).values()) == {0}, "beginning offsets are not 0")
consumer.assign(partitions)
consumer.seek_to_beginning()
seen = {p: [] for p in range(3)}
for record in consumer:
    check(record.offset == len(seen[record.partition]), f"offset {record.offset} out of turn")
    check(dict(record.headers)["codec"] == record.value.split()[0], "a header does not fit its record")
    seen[record.partition].append(record.value)
    if sum(map(len, seen.values())) == 1500:
        break
check(sum(map(len, seen.values())) == 1500, "records are missing")
first_time = consumer.offsets_for_times({partitions[0]: 0})[partitions[0]]
check(first_time is not None and first_time.offset == 0, f"offset for time 0 is {first_time}")
consumer.close()

admin.delete_topics(["orders"])
check("orders" not in admin.list_topics(), "the deleted topic is still listed")
admin.close()
print("ok")
