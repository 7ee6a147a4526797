"""From the time when a record ought to be sent to its arrival at a consumer, at a rate (an open loop)."""
import machine
import tools
from row import FLOOR, KAFKA, KAFKA_SYNCED, SYNCED, Comparison, Figure, Row, scaled

P50 = Figure("p50_ms", "p50", "ms", less_is_better=True, digits=3)
P99 = Figure("p99_ms", "p99", "ms", less_is_better=True, digits=3)
P999 = Figure("p99.9_ms", "p99.9", "ms", less_is_better=True, digits=3)
LARGEST = Figure("max_ms", "largest", "ms", less_is_better=True, digits=1)


def at_rate(rate):
    def measure(lane):
        seconds = scaled(30, 4)
        machine.touch_memory(500)
        with lane.started() as server:
            # A minute of the same, or what SCALE makes of it: a JVM must have compiled what it runs.
            tools.load("latency", server, topic="warm", rate=rate * 2, seconds=scaled(30, 2), warm_seconds=0)
            found = tools.load("latency", server, topic="bench", rate=rate, seconds=seconds, warm_seconds=scaled(5))
            names = ("p50_ms", "p99_ms", "p99.9_ms", "max_ms", "ack_p50_ms", "ack_p99_ms")
            return {**{name: found[name] for name in names}, "cpu_share": found["server_cpu_share"]}
    return measure


def row(rate, targets):
    p50, p99, p999 = targets
    return Row(f"latency-{rate}", f"End to end, 1 KB at {rate:,}/s, 4 producers, one consumer",
               (SYNCED, KAFKA, KAFKA_SYNCED, FLOOR),
               (Comparison(P50, SYNCED, KAFKA, value=p50, beside_floor=True),
                Comparison(P99, SYNCED, KAFKA, value=p99, beside_floor=True),
                Comparison(P999, SYNCED, KAFKA, value=p999, beside_floor=True), Comparison(LARGEST, SYNCED, KAFKA),
                Comparison(P50, SYNCED, KAFKA_SYNCED), Comparison(P99, SYNCED, KAFKA_SYNCED)),
               at_rate(rate))


ROWS = (row(1_000, (0.35, 2, 6)), row(10_000, (None, None, None)))
