"""Time to the first answer: of an empty server, and after a kill with many partitions."""
import machine
import tools
from row import KAFKA, SYNCED, Comparison, Figure, Row, scaled

COLD = Figure("cold_s", "empty folder to the first answer", "s", less_is_better=True, digits=3)
AFTER_KILL = Figure("after_kill_s", "to the first answer with all leaders", "s", less_is_better=True, digits=3)


def cold(lane):
    machine.touch_memory(500)
    with lane.started() as server:
        server.kill()  # once, so that the program is in the page cache
        again = lane.server(lane)
        try:
            again.prepare()
            return {"cold_s": again.start()}
        finally:
            again.__exit__()


def after_kill(lane):
    partitions = scaled(10_000, 500)
    machine.touch_memory(1000)
    with lane.started() as server:
        tools.create_topic(server, "many", partitions)
        # Several batches for each partition, a part of them still in the journal when the server dies.
        tools.load("produce", server, topic="many", partitions=partitions, record=1000, batch=1100,
                   megabytes=max(partitions * 5 // 1000, 1))
        server.kill()
        return {"after_kill_s": server.start("many", partitions, seconds=600)}


ROWS = (
    Row("cold-start", "Cold start", (SYNCED, KAFKA), (Comparison(COLD, SYNCED, KAFKA, value=0.05),), cold,
        "Kafka's folder is formatted before the clock starts."),
    Row("restart", "Restart after kill -9, 10,000 partitions with five batches each", (SYNCED, KAFKA),
        (Comparison(AFTER_KILL, SYNCED, KAFKA, value=0.7),), after_kill),
)
