"""kafkapython_producer BOOTSTRAP FOLDER NAME NUMBER TOPIC PARTITIONS RATE: an idempotent producer."""
import sys
import time

from kafka import KafkaProducer
from kafka.errors import KafkaError

from kafkapython import common
from recorder import Recorder, give_up, now, stopping

bootstrap, folder, name, number, topic, partitions, rate = sys.argv[1:]
partitions, rate = int(partitions), int(rate)
recorder, stop = Recorder(folder, name, number), stopping()
waiting = set()


def send():
    value, partition, began = recorder.fresh(), recorder.random.randrange(partitions), now()
    fields = {"topic": topic, "partition": partition, "value": value}

    def delivered(metadata):
        recorder.line(began, "send", offset=max(metadata.offset, -1), **fields)
        waiting.discard(value)

    def failed(_):
        recorder.line(began, "send", outcome="info", **fields)
        waiting.discard(value)

    recorder.line(began, "send", outcome="asked", **fields)
    waiting.add(value)
    producer.send(topic, value=recorder.payload(value), partition=partition).add_callback(delivered).add_errback(failed)


try:
    producer = KafkaProducer(**common(bootstrap), enable_idempotence=True, acks="all", linger_ms=5,
                             request_timeout_ms=3000, delivery_timeout_ms=3600000, compression_type="gzip",
                             max_block_ms=60000)
    while not stop.is_set():
        due = time.monotonic() + 0.05
        for _ in range(min(rate // 20, 1000 - len(waiting))):
            send()
        time.sleep(max(due - time.monotonic(), 0))
    producer.flush(60)
    producer.close(5)
except KafkaError as failure:
    give_up(failure)
