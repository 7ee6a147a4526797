"""Compares what a server holds with what had been acknowledged before the power was cut."""
import collections
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from load import LINES, MOVED, MOVERS, PARTITIONS, READERS, SIZES, settings

PATIENCE = 60


def read(bootstrap, topic, isolation="read_committed"):
    """Everything in `topic`: by partition, offset -> text."""
    found = {p: {} for p in range(PARTITIONS)}
    consumer = Consumer(settings(bootstrap, group_id="judge", enable_auto_commit=False, enable_partition_eof=True,
                                 isolation_level=isolation, auto_offset_reset="earliest"))
    consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    ended, deadline = set(), time.monotonic() + PATIENCE
    while len(ended) < PARTITIONS:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{topic} cannot be read to its end")
        # It waits for so many messages or so long, whatever has come.
        for message in consumer.consume(1000, 0.1):
            if message.error() is None:
                found[message.partition()][message.offset()] = message.value().decode()
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                raise RuntimeError(f"{topic} cannot be read: {message.error()}")
    consumer.close()
    return found


def committed(bootstrap, group):
    asking = Consumer(settings(bootstrap, group_id=group))
    places = asking.committed([TopicPartition(LINES, p) for p in range(PARTITIONS)], timeout=PATIENCE)
    asking.close()
    return {place.partition: max(place.offset, 0) for place in places}


class Verdict:
    """What is wrong with one image. `tail` is what it holds that had not been acknowledged yet."""

    def __init__(self, bootstrap, before):
        self.before, self.faults, self.lost = before, [], 0
        self.tail = {p: {} for p in range(PARTITIONS)}
        known = AdminClient(settings(bootstrap)).list_topics(timeout=PATIENCE).topics
        missing = before["topics"] - set(known)
        if missing:
            self.fault(len(missing), f"topics are gone: {sorted(missing)[:3]}")
        if LINES in known:
            self.judge_lines(bootstrap)
            self.judge_readers(bootstrap)
        if MOVED in known:
            self.judge_transactions(bootstrap)

    def fault(self, lost, text):
        self.lost += lost
        self.faults.append(text)

    def judge_lines(self, bootstrap):
        for partition, found in read(bootstrap, LINES).items():
            numbers = {offset: int(text.split()[0]) for offset, text in found.items()}
            wanted = self.before["lines"][partition]
            lost = sum(numbers.get(offset) != number for offset, number in wanted.items())
            if lost:
                self.fault(lost, f"{LINES}-{partition}: {lost} of {len(wanted)} acknowledged records lost or moved")
            doubled = len(numbers) - len(set(numbers.values()))
            if doubled:
                self.fault(0, f"{LINES}-{partition}: {doubled} records doubled")
            if sorted(numbers) != list(range(len(numbers))):
                self.fault(0, f"{LINES}-{partition}: offsets with gaps")
            if any(len(text.split(" ", 1)[1]) != int(text.split()[0]) % SIZES for text in found.values()):
                self.fault(0, f"{LINES}-{partition}: a record is not what was sent")
            self.tail[partition] = {o: n for o, n in numbers.items() if o not in wanted}
            self.before["lines"][partition] = len(wanted)

    def judge_readers(self, bootstrap):
        for partition, offset in committed(bootstrap, READERS).items():
            low = self.before["read"].get(partition, 0)
            if offset < low:
                self.fault(1, f"group {READERS} went back in partition {partition}: {offset}, confirmed {low}")

    def judge_transactions(self, bootstrap):
        # The successor of a transactional producer ends what its predecessor left open.
        successor = Producer(settings(bootstrap, transactional_id="mover"))
        successor.init_transactions(PATIENCE)
        counts, inputs = collections.Counter(), collections.Counter()
        for found in read(bootstrap, MOVED).values():
            for text in found.values():
                number, partition, offset = map(int, text.split())
                counts[number] += 1
                inputs[partition, offset] += 1
        for number, state in self.before["transactions"].items():
            size, there = self.before["sizes"][number], counts.get(number, 0)
            if state == "committed" and there != size:
                self.fault(1, f"transaction {number} was committed with {size} records and has {there}")
            elif state == "aborted" and there:
                self.fault(0, f"transaction {number} was aborted, and {there} of its records are read")
            elif there not in (0, size):
                self.fault(0, f"transaction {number} is there in part: {there} of {size} records")
        twice = sum(count > 1 for count in inputs.values())
        if twice:
            self.fault(0, f"{twice} inputs were moved twice")
        # Offsets and records of a transaction are one: what the group has committed is what the output holds.
        for partition, offset in committed(bootstrap, MOVERS).items():
            low = self.before["moved"].get(partition, 0)
            if offset < low:
                self.fault(1, f"group {MOVERS} went back in partition {partition}: {offset}, committed {low}")
            moved = [at for (place, at) in inputs if place == partition]
            if sorted(moved) != list(range(offset)):
                self.fault(0, f"group {MOVERS} has {offset} of partition {partition}, its output {len(moved)} records")

    def compare_tail(self, final):
        """What had not been acknowledged at the cut, and was there, is what was acknowledged later."""
        for partition, found in self.tail.items():
            others = sum(final[partition].get(offset) != number for offset, number in found.items())
            if others:
                self.fault(0, f"{LINES}-{partition}: {others} records got other offsets than in the copy")
