"""kill_verify BOOTSTRAP TOPIC FILE: every record of FILE lies at its offset, once, in order, and nothing else does."""
import sys

from kafka import KafkaConsumer, TopicPartition

bootstrap, topic, path = sys.argv[1:4]
wanted = {}
with open(path) as file:
    for line in file:
        partition, offset, number = map(int, line.split())
        wanted.setdefault(partition, {})[offset] = number
if not wanted:
    sys.exit("failed: nothing was acknowledged")

consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False,
                         consumer_timeout_ms=30000)
partitions = [TopicPartition(topic, p) for p in sorted(wanted)]
ends = consumer.end_offsets(partitions)
consumer.assign(partitions)
consumer.seek_to_beginning()
found = {p: {} for p in wanted}
left = sum(ends.values())
for record in consumer:
    number = int(record.value.split()[0])
    if len(record.value.split(b" ", 1)[1]) != number % 400:
        sys.exit(f"failed: record {number} is not what was sent")
    found[record.partition][record.offset] = number
    left -= 1
    if left == 0:
        break
lost = sum(1 for p in wanted for offset, number in wanted[p].items() if found[p].get(offset) != number)
doubled = sum(len(found[p]) - len(set(found[p].values())) for p in found)
disordered = sum(1 for p in found for a, b in zip(sorted(found[p]), sorted(found[p])[1:])
                 if found[p][a] > found[p][b])
total = sum(map(len, wanted.values()))
foreign = sum(1 for p in found for offset in found[p] if offset not in wanted[p])
print(f"{total} acknowledged, {lost} lost or moved, {doubled} doubled, {disordered} out of order, {foreign} of no "
      "acknowledgement", end="")
sys.exit(1 if lost or doubled or disordered or foreign else 0)
