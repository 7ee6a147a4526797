"""exactly_once BOOTSTRAP words|moves INPUT OUTPUT PARTITIONS [GROUP]: feeds an application, and judges what it makes.

Makes both topics and says "ready". Every line "N" on standard input sends N records; "+" stands for 100 committed records
of the output. After the line "end" it waits until the output has as many records as it shall have and says "complete"; at
the end of standard input, when nothing writes any more, it reads the output from its beginning and says what it found:
words: each word's counts are 1, 2, 3 ... up to how often it was sent; moves: each record once, in order per partition,
and GROUP has committed the ends of the input. "N records of aborted transactions" counts what the output has for those
who read uncommitted records only.
"""
import collections
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, mode, source, target, partitions = sys.argv[1:6]
group, partitions = (sys.argv[6:] or [None])[0], int(partitions)
PATIENCE, WORDS = 90, 40
common = {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "log_level": 2}
admin = AdminClient(common)
for made in admin.create_topics([NewTopic(name, partitions, 1) for name in (source, target)]).values():
    made.result(30)
print("ready", flush=True)
producer = Producer({**common, "enable.idempotence": True, "linger.ms": 2, "message.timeout.ms": 120000})
sent, failures, fed = [], [], threading.Event()


def words(number):
    return [f"w{(number * 7 + step * step) % WORDS}" for step in range(3)]


def feed():
    number = 0
    for line in iter(sys.stdin.readline, ""):
        if line == "end\n":
            break
        for _ in range(int(line)):
            value = " ".join(words(number)) if mode == "words" else f"n{number}"
            producer.produce(source, value=value, partition=number % partitions,
                             on_delivery=lambda error, _: failures.append(str(error)) if error else sent.append(1))
            number += 1
            producer.poll(0)
        producer.flush(120)
    fed.set()


def reader(isolation="read_committed"):
    consumer = Consumer({**common, "group.id": "judge", "enable.auto.commit": False, "enable.partition.eof": True,
                         "isolation.level": isolation, "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(target, p, 0) for p in range(partitions)])
    return consumer


def collect(consumer, goal, says):
    """Reads until the goal's number of records, which may still be unknown, and a moment longer for what is too much.

    Gives up where nothing comes for as long as PATIENCE."""
    found, progress = {p: [] for p in range(partitions)}, time.monotonic()
    count = 0
    while time.monotonic() - progress < (1 if goal() is not None and count >= goal() else PATIENCE):
        for message in consumer.consume(100, 0.01):
            if message.error() is not None:
                continue
            key = message.key().decode() if message.key() else None
            found[message.partition()].append((key, message.value().decode()))
            count, progress = count + 1, time.monotonic()
            if says and count % 100 == 0:
                print("+", flush=True)
        if goal() is None:
            progress = time.monotonic()
    consumer.close()
    return found, count


def written():
    """How many records there are, those of aborted transactions with them."""
    consumer, ended, count, deadline = reader("read_uncommitted"), set(), 0, time.monotonic() + PATIENCE
    while len(ended) < partitions and time.monotonic() < deadline:
        for message in consumer.consume(500, 0.1):
            if message.error() is None:
                count += 1
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
    consumer.close()
    return count


def goal():
    return len(sent) * (3 if mode == "words" else 1) if fed.is_set() else None


def counts_of_words(found):
    """For each word the counts that shall be there and those that are there, in order."""
    sent_words = collections.Counter(word for number in range(len(sent)) for word in words(number))
    counts = collections.defaultdict(list)
    for records in found.values():
        for word, count in records:
            counts[word].append(int(count))
    return {word: list(range(1, times + 1)) for word, times in sent_words.items()}, counts


def numbers_of_moves(found):
    """For each partition the numbers that shall be there and those that are there, in order."""
    return ({p: list(range(p, len(sent), partitions)) for p in range(partitions)},
            {p: [int(value[1:]) for _, value in records] for p, records in found.items()})


def compare(expected, found):
    """What differs, and how many are lost, too many and out of order."""
    faults, lost, doubled, disordered = [], 0, 0, 0
    for key in sorted(set(expected) | set(found)):
        shall, have = expected.get(key, []), found.get(key, [])
        lost += (collections.Counter(shall) - collections.Counter(have)).total()
        doubled += (collections.Counter(have) - collections.Counter(shall)).total()
        disordered += sum(a > b for a, b in zip(have, have[1:]))
        if shall != have:
            faults.append(f"{key}: {len(have)} records, expected {len(shall)}")
    return faults, f"{lost} lost, {doubled} doubled, {disordered} out of order"


def faults_of_offsets():
    faults, asking = [], Consumer({**common, "group.id": group})
    for place in asking.committed([TopicPartition(source, p) for p in range(partitions)], timeout=30):
        end = len(range(place.partition, len(sent), partitions))
        if max(place.offset, 0) != end:
            faults.append(f"committed {place.offset} of {end} in partition {place.partition}")
    asking.close()
    return faults


threading.Thread(target=feed, daemon=True).start()
live, count = collect(reader(), goal, True)
print("complete", flush=True)
sys.stdin.read()
again, final = collect(reader(), lambda: count, False)
faults, summary = compare(*(counts_of_words if mode == "words" else numbers_of_moves)(again))
if group is not None:
    faults += faults_of_offsets()
if live != again:
    faults.append("what was read as committed on the way is not what is there now")
if failures or not sent:
    faults.append(f"{len(failures)} not sent: {failures[:3]}")
print(f"{written() - final} records of aborted transactions", flush=True)
print(f"{len(sent)} sent, {final} in the output, {summary}; {len(faults)} faults {faults[:8]}", flush=True)
sys.exit(1 if faults else 0)
