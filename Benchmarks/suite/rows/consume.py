"""Reading what is in the page cache: the native generator, and Kafka's own tool in a group."""
import machine
import tools
from row import FLOOR, KAFKA, SYNCED, Comparison, Figure, Row, scaled
from rows.produce import CPU, PARTITIONS, RATE

JOINED = Figure("mb_per_s_with_join", "throughput with the time to join", "MB/s", digits=1)
PASSES = 5


def filled(server, megabytes):
    tools.load("produce", server, topic="bench", partitions=PARTITIONS, megabytes=megabytes)


def native(lane):
    megabytes = scaled(1000, 50)
    machine.touch_memory(3 * megabytes)
    with lane.started() as server:
        filled(server, megabytes)
        tools.load("consume", server, topic="bench", passes=2)
        found = tools.load("consume", server, topic="bench", passes=PASSES)
        return {"cpu_s_per_gb": found["server_cpu_per_gb"], "user_s_per_gb": found["server_user_per_gb"],
                "beside_client_s_per_gb": found["beside_client_cpu_per_gb"], "mb_per_s": found["mb_per_s"]}


def java(lane):
    megabytes = scaled(2000, 50)
    machine.touch_memory(3 * megabytes)
    records = megabytes * 1000
    with lane.started() as server:
        filled(server, megabytes)
        tools.java_consume(server, "bench", records, "warm")
        before = machine.cpu_seconds(server.pid)
        fetching, joined = tools.java_consume(server, "bench", records, "measured")
        used = machine.cpu_seconds(server.pid) - before
        return {"cpu_s_per_gb": used / (records / 1e6), "mb_per_s": fetching, "mb_per_s_with_join": joined}


ROWS = (
    Row("consume", f"Consume 1 KB from the page cache, one native consumer, {PARTITIONS} partitions",
        (SYNCED, KAFKA, FLOOR),
        (Comparison(CPU, SYNCED, KAFKA, value=0.25, beside_floor=True),
         Comparison(RATE, SYNCED, KAFKA, value=2000, floor_share=0.6)),
        native, "The floor sends from the page cache to the socket (sendfile)."),
    Row("java-consume", "Consume 1 KB in a group, Kafka's ConsumerPerformance",
        (SYNCED, KAFKA),
        (Comparison(CPU, SYNCED, KAFKA, ratio=0.5), Comparison(RATE, SYNCED, KAFKA, ratio=1),
         Comparison(JOINED, SYNCED, KAFKA, ratio=1)),
        java),
)
