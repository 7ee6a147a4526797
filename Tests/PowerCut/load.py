"""What clients do while the power is cut, and the ledger of what the server has acknowledged to them."""
import copy
import threading

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS, IN_FLIGHT, ABORTS_EVERY, MOVED_AT_ONCE = 3, 400, 5, 40
SIZES = 1500
# Records that are produced behind the moment of a cut, so that it falls into work.
BEYOND = 2000
LINES, MOVED, READERS, MOVERS = "lines", "moved", "readers", "movers"


def settings(bootstrap, **more):
    return {"bootstrap.servers": bootstrap, "log_level": 0, **{name.replace("_", "."): more[name] for name in more}}


class Ledger:
    """All that the server has said yes to. Read and written under its lock."""

    def __init__(self):
        self.lock = threading.Condition()
        # By partition: offset -> number of the record.
        self.lines = {p: {} for p in range(PARTITIONS)}
        self.total = 0
        # So many records may be produced: the load works for a cut, and rests while its image is judged.
        self.allowed = 0
        # By partition: the largest offset whose commit was confirmed.
        self.read = {}
        # By number of the transaction: "open" until its end was confirmed, and how many records it has.
        self.transactions, self.sizes = {}, {}
        # By partition: what the group of the movers has committed in confirmed transactions.
        self.moved = {}
        self.topics = set()
        self.failures = []

    def snapshot(self):
        with self.lock:
            return copy.deepcopy({name: value for name, value in vars(self).items() if name != "lock"})

    def wait_for(self, more):
        """Until so many more records are acknowledged."""
        with self.lock:
            goal = self.total + more
            self.allowed = goal + BEYOND
            self.lock.wait_for(lambda: self.total >= goal or self.failures, timeout=120)
            if self.total < goal:
                raise RuntimeError(f"the load stands still at {self.total} records: {self.failures[:3]}")

    def note(self, change):
        with self.lock:
            change()
            self.lock.notify_all()


class Load:
    """Four clients, a thread each: an idempotent producer, a group that commits, transactions, topics."""

    def __init__(self, bootstrap, topic_settings):
        self.bootstrap, self.ledger, self.stopping = bootstrap, Ledger(), threading.Event()
        self.admin = AdminClient(settings(bootstrap))
        made = self.admin.create_topics([NewTopic(name, PARTITIONS, 1, config=topic_settings) for name in (LINES, MOVED)])
        for future in made.values():
            future.result(30)
        self.ledger.topics |= {LINES, MOVED}
        work = (self.produce, self.commit, self.move)
        self.threads = [threading.Thread(target=self.guarded, args=(part,), daemon=True) for part in work]
        for thread in self.threads:
            thread.start()

    def guarded(self, part):
        try:
            part()
        except Exception as error:
            self.ledger.note(lambda: self.ledger.failures.append(f"{part.__name__}: {error}"))

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(120)
        if self.ledger.failures or any(thread.is_alive() for thread in self.threads):
            raise RuntimeError(f"the load failed: {self.ledger.failures[:3]}")

    def make_topic(self, number):
        """A topic, whose creation was confirmed."""
        name = f"made-{number}"
        self.admin.create_topics([NewTopic(name, 1, 1)])[name].result(60)
        self.ledger.note(lambda: self.ledger.topics.add(name))

    def produce(self):
        producer = Producer(settings(self.bootstrap, enable_idempotence=True, linger_ms=1, batch_num_messages=20))
        sent = 0

        def delivered(error, message):
            ledger = self.ledger
            if error is not None:
                ledger.note(lambda: ledger.failures.append(f"produce: {error}"))
                return
            number = int(message.value().split()[0])

            def change():
                ledger.lines[message.partition()][message.offset()] = number
                ledger.total += 1
            ledger.note(change)

        while not self.stopping.is_set():
            if sent - self.ledger.total < IN_FLIGHT and sent < self.ledger.allowed:
                producer.produce(LINES, f"{sent} {'x' * (sent % SIZES)}", partition=sent % PARTITIONS, on_delivery=delivered)
                sent += 1
                producer.poll(0)
            else:
                producer.poll(0.05)
        producer.flush(60)

    def commit(self):
        consumer = Consumer(settings(self.bootstrap, group_id=READERS, enable_auto_commit=False,
                                     auto_offset_reset="earliest"))
        consumer.assign([TopicPartition(LINES, p, 0) for p in range(PARTITIONS)])
        ledger, places = self.ledger, {}
        while not self.stopping.is_set():
            for message in consumer.consume(200, 0.1):
                if message.error() is None:
                    places[message.partition()] = message.offset() + 1
            if not places:
                continue
            consumer.commit(offsets=[TopicPartition(LINES, p, o) for p, o in places.items()], asynchronous=False)
            ledger.note(lambda: ledger.read.update(places))
        consumer.close()

    def move(self):
        """Reads lines and writes what it read, transaction by transaction; some it gives up."""
        producer = Producer(settings(self.bootstrap, transactional_id="mover", linger_ms=0))
        producer.init_transactions(60)
        consumer = Consumer(settings(self.bootstrap, group_id=MOVERS, enable_auto_commit=False,
                                     auto_offset_reset="earliest"))
        consumer.assign([TopicPartition(LINES, p, 0) for p in range(PARTITIONS)])
        ledger, number = self.ledger, 0
        while not self.stopping.is_set():
            messages = [m for m in consumer.consume(MOVED_AT_ONCE, 0.1) if m.error() is None]
            if not messages:
                continue
            number += 1
            places = {m.partition(): m.offset() + 1 for m in messages}

            def begin():
                ledger.transactions[number], ledger.sizes[number] = "open", len(messages)
            ledger.note(begin)
            producer.begin_transaction()
            for message in messages:
                producer.produce(MOVED, f"{number} {message.partition()} {message.offset()}", partition=number % PARTITIONS)
            producer.send_offsets_to_transaction(
                [TopicPartition(LINES, p, o) for p, o in places.items()], consumer.consumer_group_metadata(), 60)
            if number % ABORTS_EVERY == 0:
                producer.abort_transaction(60)
                ledger.note(lambda: ledger.transactions.update({number: "aborted"}))
                for partition in places:
                    consumer.seek(TopicPartition(LINES, partition, ledger.moved.get(partition, 0)))
                continue
            producer.commit_transaction(60)

            def end():
                ledger.transactions[number] = "committed"
                ledger.moved.update(places)
            ledger.note(end)
        consumer.close()
