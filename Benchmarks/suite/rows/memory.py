"""Resident memory: idle, and with many idle partitions. Under load it stands in the rows of produce."""
import time

import machine
import tools
from row import KAFKA, SYNCED, Comparison, Figure, Row, scaled

IDLE = Figure("idle_mb", "resident memory, idle", "MB", less_is_better=True, digits=1)
MANY = Figure("many_mb", "resident memory, many idle partitions", "MB", less_is_better=True, digits=1)
SETTLING_SECONDS = 5  # after the start, before memory is read
PER_TOPIC = 10_000


def idle(lane):
    with lane.started() as server:
        time.sleep(SETTLING_SECONDS)
        return {"idle_mb": machine.resident_mb(server.pid)}


def many(lane):
    partitions = scaled(50_000, 1_000)
    with lane.started() as server:
        for first in range(0, partitions, PER_TOPIC):
            tools.create_topic(server, f"idle-{first}", min(PER_TOPIC, partitions - first))
        time.sleep(SETTLING_SECONDS)
        return {"many_mb": machine.resident_mb(server.pid)}


ROWS = (
    Row("memory-idle", "Memory of an idle server", (SYNCED, KAFKA), (Comparison(IDLE, SYNCED, KAFKA, value=20),), idle,
        "Kafka runs with a heap of at most 1 GiB, as in all rows."),
    Row("memory-partitions", "Memory with 50,000 idle partitions", (SYNCED, KAFKA),
        (Comparison(MANY, SYNCED, KAFKA, value=80),), many),
)
