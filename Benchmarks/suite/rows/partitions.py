"""What 10,000 partitions cost beside 12: the same load round all of them, in the same server."""
import machine
import tools
from row import KAFKA, SYNCED, Comparison, Figure, Row, scaled

KEPT = Figure("kept", "throughput kept", "of that with 12", digits=2)
FEW = Figure("few_mb_per_s", "throughput, 12 partitions", "MB/s", digits=1)
MANY = Figure("many_mb_per_s", "throughput, 10,000 partitions", "MB/s", digits=1)
CPU = Figure("many_cpu_s_per_gb", "server CPU, 10,000 partitions", "s/GB", less_is_better=True)
TURNS = 3


def measure(lane):
    partitions, megabytes = scaled(10_000, 500), scaled(500, 20)
    machine.touch_memory(8 * megabytes)
    with lane.started() as server:
        tools.create_topic(server, "few", 12)
        tools.create_topic(server, "many", partitions)
        for topic, count in (("few", 12), ("many", partitions)):  # first files and first batches
            tools.load("produce", server, topic=topic, partitions=count, megabytes=megabytes)
        few, many = [], []
        for _ in range(TURNS):
            few.append(tools.load("produce", server, topic="few", partitions=12, megabytes=megabytes))
            many.append(tools.load("produce", server, topic="many", partitions=partitions, megabytes=megabytes))
        middle = {name: sorted(run[key] for run in runs)[TURNS // 2]
                  for name, runs, key in (("few_mb_per_s", few, "mb_per_s"), ("many_mb_per_s", many, "mb_per_s"),
                                          ("many_cpu_s_per_gb", many, "server_cpu_per_gb"))}
        return {**middle, "kept": middle["many_mb_per_s"] / middle["few_mb_per_s"]}


ROWS = (
    Row("partitions", "10,000 partitions beside 12, 4 native producers", (SYNCED, KAFKA),
        (Comparison(KEPT, SYNCED, KAFKA, value=0.85), Comparison(MANY, SYNCED, KAFKA), Comparison(FEW, SYNCED, KAFKA),
         Comparison(CPU, SYNCED, KAFKA)),
        measure),
)
