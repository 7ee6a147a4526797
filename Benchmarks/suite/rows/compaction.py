"""Compaction of a large topic while a client at 10,000 records a second goes on."""
import dataclasses
import time

import machine
import tools
from row import KAFKA, SYNCED, Comparison, Figure, Row, scaled
from servers import Failure

RATE = Figure("mb_per_s", "compacted", "MB/s", digits=1)
QUIET = Figure("quiet_p99_ms", "p99 of the client before", "ms", less_is_better=True, digits=2)
BUSY = Figure("busy_p99_ms", "p99 of the client meanwhile", "ms", less_is_better=True, digits=2)
GROWTH = Figure("p99_growth", "p99 of the client meanwhile", "times that before", less_is_better=True, digits=2)
SEGMENT = 64 << 20
RECORD = 1000
OVERHEAD = 100
CLIENT_RATE = 10_000
# Neither server waits for its next look at what there is to compact.
OURS = dataclasses.replace(SYNCED, settings=("log.cleaner.backoff.ms=100",))
THEIRS = dataclasses.replace(KAFKA, settings=("log.cleaner.backoff.ms=100",))
GIVE_UP_SECONDS = 600


def await_size(server, goal):
    """Seconds until the server tells that the topic is down to `goal` megabytes. What it has replaced may stay on the
    disk a while longer."""
    began = time.monotonic()
    while (size := tools.topic_mb(server, "keyed")) > goal:
        if time.monotonic() - began > GIVE_UP_SECONDS:
            raise Failure(f"{server.lane.name} did not compact to {goal:.0f} MB in {GIVE_UP_SECONDS} s: {size:.0f} MB")
        time.sleep(0.05)
    return time.monotonic() - began


def measure(lane):
    megabytes = scaled(2000, 300)
    keys = megabytes * 1000 // 20  # each key twenty times
    machine.touch_memory(3 * megabytes)
    with lane.started() as server:
        client = {"topic": "client", "rate": CLIENT_RATE}
        tools.load("latency", server, seconds=scaled(20, 2), warm_seconds=0, **client)
        quiet = tools.load("latency", server, seconds=scaled(20, 4), warm_seconds=1, **client)
        tools.create_topic(server, "keyed", 1, f"segment.bytes={SEGMENT}", "cleanup.policy=delete", "retention.ms=-1",
                           "min.cleanable.dirty.ratio=0.01")
        tools.load("produce", server, topic="keyed", keys=keys, megabytes=megabytes)
        before = tools.topic_mb(server, "keyed")
        # What must remain: every key once, with what a record costs beside its value, and the segment written to.
        goal = keys * (RECORD + OVERHEAD) / 1e6 + SEGMENT / 1e6
        running = tools.start_load("latency", server, seconds=scaled(10, 4), warm_seconds=0, **client)
        tools.alter_topic(server, "keyed", "cleanup.policy=compact")
        took = await_size(server, goal)
        busy = tools.finish_load(running, server)
        return {"mb_per_s": before / took, "seconds": took, "before_mb": before,
                "after_mb": tools.topic_mb(server, "keyed"), "quiet_p99_ms": quiet["p99_ms"],
                "busy_p99_ms": busy["p99_ms"], "p99_growth": busy["p99_ms"] / quiet["p99_ms"]}


ROWS = (
    Row("compaction", "Compaction of a topic of 1 KB records, each key twenty times, beside a client at 10,000/s",
        (OURS, THEIRS),
        (Comparison(RATE, OURS, THEIRS, ratio=2), Comparison(GROWTH, OURS, THEIRS, value=1.5),
         Comparison(BUSY, OURS, THEIRS), Comparison(QUIET, OURS, THEIRS)),
        measure, "Both servers look for work at once (log.cleaner.backoff.ms=100); the rate counts the bytes before."),
)
