"""kill_load BOOTSTRAP TOPIC FILE: an idempotent producer that lives through the server's crashes.

Prints "+" for every 500 acknowledged records, until standard input ends; then sends what is left and writes to FILE
one line "partition offset number" for every acknowledged record.
"""
import sys
import threading

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap, topic, path = sys.argv[1:4]
PARTITIONS, IN_FLIGHT = 3, 2000
admin = AdminClient({"bootstrap.servers": bootstrap})
admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(30)
producer = Producer({
    "bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all", "linger.ms": 2,
    "batch.num.messages": 50, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20,
    "message.timeout.ms": 120000, "log_level": 2,
})
stopping = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stopping.set()), daemon=True).start()
acknowledged, failures = [], []


def delivered(error, message):
    if error is not None:
        failures.append(str(error))
        return
    acknowledged.append((message.partition(), message.offset(), int(message.value().split()[0])))
    if len(acknowledged) % 500 == 0:
        try:
            print("+", flush=True)
        except BrokenPipeError:
            sys.exit(1)


number = 0
while not stopping.is_set():
    if number - len(acknowledged) - len(failures) < IN_FLIGHT:
        producer.produce(topic, value=f"{number} {'x' * (number % 400)}", partition=number % PARTITIONS,
                         on_delivery=delivered)
        number += 1
        producer.poll(0)
    else:
        producer.poll(0.05)
left = producer.flush(120)
with open(path, "w") as file:
    for entry in acknowledged:
        print(*entry, file=file)
if left or failures:
    sys.exit(f"failed: {left} never answered, {len(failures)} failed: {failures[:3]}")
print(f"{len(acknowledged)} of {number} acknowledged")
