"""Producing 1 KB records: the native generator, and Kafka's own tool."""
import machine
import tools
from row import FLOOR, INTERVAL, KAFKA, KAFKA_SYNCED, SYNCED, Comparison, Figure, Row, scaled
from servers import Kafka

PARTITIONS = 12
SLOW_SHARE = 0.1  # of the work, where each append is synced on its own

CPU = Figure("cpu_s_per_gb", "server CPU", "s/GB", less_is_better=True)
RATE = Figure("mb_per_s", "throughput", "MB/s", digits=1)
P99 = Figure("p99_ms", "p99 of the closed loop", "ms", less_is_better=True)
PEAK = Figure("peak_mb", "resident memory under the load", "MB", less_is_better=True, digits=0)


def work(lane, megabytes):
    return scaled(megabytes * (SLOW_SHARE if lane is KAFKA_SYNCED else 1), 20)


def native(lane):
    megabytes = work(lane, 2000)
    machine.touch_memory(3 * megabytes)
    with lane.started() as server:
        warm = work(lane, 1500 if lane.server is Kafka else 500)
        tools.load("produce", server, topic="warm", partitions=PARTITIONS, megabytes=warm)
        found = tools.load("produce", server, topic="bench", partitions=PARTITIONS, megabytes=megabytes)
        return {"cpu_s_per_gb": found["server_cpu_per_gb"], "user_s_per_gb": found["server_user_per_gb"],
                "beside_client_s_per_gb": found["beside_client_cpu_per_gb"], "mb_per_s": found["mb_per_s"],
                "p50_ms": found["p50_ms"], "p99_ms": found["p99_ms"], "peak_mb": machine.peak_mb(server.pid)}


def java(lane):
    records = work(lane, 1000) * 1000
    machine.touch_memory(3 * records / 1000)
    with lane.started() as server:
        tools.create_topic(server, "warm", PARTITIONS)
        tools.create_topic(server, "bench", PARTITIONS)
        tools.java_produce(server, "warm", records, 1000)
        before = machine.cpu_seconds(server.pid)
        rate, p99 = tools.java_produce(server, "bench", records, 1000)
        used = machine.cpu_seconds(server.pid) - before
        return {"cpu_s_per_gb": used / (records / 1e6), "mb_per_s": rate, "p99_ms": p99,
                "peak_mb": machine.peak_mb(server.pid)}


ROWS = (
    Row("produce", f"Produce 1 KB, 4 native producers, batches of 16 KiB, {PARTITIONS} partitions",
        (SYNCED, INTERVAL, KAFKA, KAFKA_SYNCED, FLOOR),
        (Comparison(CPU, SYNCED, KAFKA, ratio=0.35, value=1.5, floor_share=0.6),
         Comparison(RATE, SYNCED, KAFKA, ratio=2, floor_share=0.6),
         Comparison(P99, SYNCED, KAFKA),
         Comparison(RATE, SYNCED, KAFKA_SYNCED, ratio=10),
         Comparison(P99, SYNCED, KAFKA_SYNCED),
         Comparison(CPU, INTERVAL, KAFKA, ratio=0.3),
         Comparison(RATE, INTERVAL, KAFKA),
         Comparison(PEAK, SYNCED, KAFKA, value=120)),
        native),
    Row("java-produce", f"Produce 1 KB, Kafka's ProducerPerformance, {PARTITIONS} partitions",
        (SYNCED, INTERVAL, KAFKA, KAFKA_SYNCED),
        (Comparison(CPU, SYNCED, KAFKA, ratio=0.35, value=1.5),
         Comparison(RATE, SYNCED, KAFKA, ratio=1.3),
         Comparison(RATE, SYNCED, KAFKA_SYNCED, ratio=10),
         Comparison(CPU, INTERVAL, KAFKA, ratio=0.3),
         Comparison(RATE, INTERVAL, KAFKA, ratio=1.3)),
        java, "The tool takes most of the processor: it bounds the throughput of any server."),
)
