"""librdkafka_producer BOOTSTRAP FOLDER NAME NUMBER TOPIC PARTITIONS RATE: an idempotent producer.

No record of it expires: librdkafka 2.16 then sends what stood in the same batch again, under a new epoch, although it does
not know whether the batch was written."""
import sys

from confluent_kafka import KafkaException, Producer

from librdkafka import common
from recorder import Recorder, give_up, now, stopping

bootstrap, folder, name, number, topic, partitions, rate = sys.argv[1:]
partitions, rate = int(partitions), int(rate)
recorder, stop = Recorder(folder, name, number), stopping()
producer = Producer({**common(bootstrap), "enable.idempotence": True, "linger.ms": 5, "request.timeout.ms": 3000,
                     "batch.num.messages": 40, "message.timeout.ms": 0, "retry.backoff.ms": 50,
                     "compression.type": "snappy", "error_cb": lambda error: error.fatal() and give_up(error)})
waiting = 0


def send():
    global waiting
    value, partition, began = recorder.fresh(), recorder.random.randrange(partitions), now()

    def delivered(error, message):
        global waiting
        waiting -= 1
        outcome = {"outcome": "info"} if error is not None else {"offset": max(message.offset(), -1)}
        recorder.line(began, "send", topic=topic, partition=partition, value=value, **outcome)

    recorder.line(began, "send", outcome="asked", topic=topic, partition=partition, value=value)
    producer.produce(topic, value=recorder.payload(value), partition=partition, on_delivery=delivered)
    waiting += 1


try:
    while not stop.is_set():
        due = now() + 50_000_000
        for _ in range(min(rate // 20, 1000 - waiting)):
            send()
        while (left := due - now()) > 0:
            producer.poll(left / 1e9)
    producer.flush(60)
except KafkaException as failure:
    give_up(failure)
