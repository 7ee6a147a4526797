"""audit BOOTSTRAP FOLDER NAME NUMBER INPUT PARTITIONS GROUP... -- OUTPUT...: what is done when all is healed.

First waits until the groups have committed all of the input, or get no further, and says so. After a line on standard
input, when no worker runs any more, it waits until the stable ends have reached the ends, and reads everything from the
beginning: the committed records, then all.
"""
import sys
import time

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from librdkafka import common
from recorder import Recorder, now, numbers

PATIENCE, TRANSACTION_TIMEOUT, SLACK = 120, 10, 10
bootstrap, folder, name, number, source, partitions, *rest = sys.argv[1:]
groups, outputs = rest[:rest.index("--")], rest[rest.index("--") + 1:]
recorder = Recorder(folder, name, number)
admin = AdminClient(common(bootstrap))


def places(topics):
    return [TopicPartition(topic, partition) for topic in topics for partition in range(int(partitions))]


def ends(topics, isolation):
    asked = admin.list_offsets({place: OffsetSpec.latest() for place in places(topics)}, isolation_level=isolation,
                               request_timeout=10)
    return {(place.topic, place.partition): result.result(15).offset for place, result in asked.items()}


def committed(group):
    asking = Consumer({**common(bootstrap), "group.id": group})
    try:
        told = asking.committed(places([source]), timeout=10)
        return {(place.topic, place.partition): max(place.offset, 0) for place in told}
    finally:
        asking.close()


def drain():
    """Until each group has committed the end of the input, or none has moved for so long."""
    before, progress = None, time.monotonic()
    while time.monotonic() - progress < PATIENCE:
        try:
            stand = [committed(group) for group in groups]
            goal = ends([source], IsolationLevel.READ_COMMITTED)
        except (KafkaException, TimeoutError):
            continue
        if all(offsets == goal for offsets in stand):
            return
        if stand != before:
            before, progress = stand, time.monotonic()
        time.sleep(0.2)


def stable():
    """The ends and the stable ends, once they are the same or the time for that is over."""
    deadline = time.monotonic() + TRANSACTION_TIMEOUT + SLACK
    while True:
        try:
            began = now()
            stable_ends = ends([source, *outputs], IsolationLevel.READ_COMMITTED)
            all_ends = ends([source, *outputs], IsolationLevel.READ_UNCOMMITTED)
            if stable_ends == all_ends or time.monotonic() > deadline:
                break
        except (KafkaException, TimeoutError):
            pass
        time.sleep(0.2)
    for (topic, partition), end in sorted(all_ends.items()):
        recorder.line(began, "end", topic=topic, partition=partition, offset=end, value=stable_ends[topic, partition])


def read(operation, isolation):
    reader = Consumer({**common(bootstrap), "group.id": "audit", "enable.auto.commit": False, "check.crcs": True,
                       "enable.partition.eof": True, "isolation.level": isolation, "auto.offset.reset": "error"})
    waiting = {(place.topic, place.partition) for place in places([source, *outputs])}
    reader.assign([TopicPartition(*place, 0) for place in waiting])
    deadline = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < deadline:
        lines = []
        for message in reader.consume(1000, 0.5):
            fields = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
            if message.error() is None:
                value, origin = numbers(message.value())
                lines.append(recorder.text(now(), operation, **fields, value=value, detail=origin))
                deadline = time.monotonic() + PATIENCE
            elif message.error().code() == KafkaError._PARTITION_EOF:
                waiting.discard((message.topic(), message.partition()))
                if operation == "final":
                    lines.append(recorder.text(now(), "reached", **fields))
        recorder.write("".join(lines))
    reader.close()
    return not waiting


drain()
print("drained", flush=True)
sys.stdin.readline()
stable()
whole = read("final", "read_committed")
whole = read("dirty", "read_uncommitted") and whole
print("read" if whole else "not read to the end", flush=True)
