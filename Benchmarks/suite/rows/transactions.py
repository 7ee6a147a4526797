"""Transactions of 16 producers, each of 1 or of 100 records."""
import tools
from row import KAFKA, KAFKA_SYNCED, SYNCED, Comparison, Figure, Row, scaled

RATE = Figure("transactions_per_s", "transactions", "/s", digits=0)
P99 = Figure("p99_ms", "p99", "ms", less_is_better=True)
CPU = Figure("cpu_ms", "server CPU", "ms a transaction", less_is_better=True, digits=3)


def of(records, count):
    def measure(lane):
        share = 0.2 if lane is KAFKA_SYNCED else 1
        with lane.started() as server:
            tools.load("transactions", server, topic="bench", partitions=12, records=records, id="warm",
                       transactions=scaled(count * share / 2, 100))
            found = tools.load("transactions", server, topic="bench", partitions=12, records=records, id="measured",
                               transactions=scaled(count * share, 200))
            names = ("transactions_per_s", "p50_ms", "p99_ms", "tried_again")
            return {**{name: found[name] for name in names}, "cpu_ms": found["server_cpu_per_thousand_transactions"]}
    return measure


def row(records, count):
    return Row(f"transactions-{records}",
               f"Transactions of {records} record{'s' * (records > 1)} of 1 KB, 16 producers",
               (SYNCED, KAFKA, KAFKA_SYNCED),
               (Comparison(RATE, SYNCED, KAFKA, ratio=3), Comparison(P99, SYNCED, KAFKA),
                Comparison(CPU, SYNCED, KAFKA), Comparison(RATE, SYNCED, KAFKA_SYNCED)),
               of(records, count))


ROWS = (row(1, 20_000), row(100, 5_000))
