"""Groups: how long partitions stand still while members come and go, and what a commit costs."""
import tools
from row import KAFKA, SYNCED, Comparison, Figure, Row, scaled

STILL = Figure("stood_still_ms", "time a partition stands still in all changes", "ms", less_is_better=True, digits=0)
LONGEST = Figure("longest_ms", "longest of them", "ms", less_is_better=True, digits=0)
SETTLING = Figure("settling_ms", "until a change is dealt with", "ms", less_is_better=True, digits=0)
COMMITS = Figure("commits_per_s", "commits", "/s", digits=0)
COMMIT_CPU = Figure("cpu_us_per_commit", "server CPU", "us a commit", less_is_better=True, digits=1)
COMMIT_P99 = Figure("p99_ms", "p99", "ms", less_is_better=True)
PARTITIONS = 96


def rebalance(protocol):
    def measure(lane):
        members = scaled(8, 3)
        with lane.started() as server:
            tools.load("rebalance", server, topic="bench", partitions=PARTITIONS, members=2, protocol=protocol,
                       group="warm")
            found = tools.load("rebalance", server, topic="bench", partitions=PARTITIONS, members=members,
                               protocol=protocol, group="measured")
            return {name: found[name] for name in ("stood_still_ms", "longest_ms", "settling_ms")}
    return measure


def commits(lane):
    with lane.started() as server:
        tools.load("commits", server, topic="bench", partitions=12, commits=scaled(30_000, 2_000))
        found = tools.load("commits", server, topic="bench", partitions=12, commits=scaled(100_000, 5_000))
        return {"commits_per_s": found["commits_per_s"], "cpu_us_per_commit": found["server_cpu_per_million_commits"],
                "p50_ms": found["p50_ms"], "p99_ms": found["p99_ms"]}


def rebalance_row(protocol, title, ratio):
    return Row(f"rebalance-{protocol}",
               f"Rebalance, 8 members join and leave one by one, {PARTITIONS} partitions: {title}",
               (SYNCED, KAFKA),
               (Comparison(STILL, SYNCED, KAFKA, ratio=ratio), Comparison(LONGEST, SYNCED, KAFKA),
                Comparison(SETTLING, SYNCED, KAFKA)),
               rebalance(protocol))


ROWS = (
    rebalance_row("consumer", "KIP-848", 1 / 3),
    rebalance_row("classic", "classic, heartbeats every 3 s", 1),
    Row("commits", "Offset commits, 16 clients, one partition each time", (SYNCED, KAFKA),
        (Comparison(COMMITS, SYNCED, KAFKA, ratio=2), Comparison(COMMIT_CPU, SYNCED, KAFKA, ratio=0.5),
         Comparison(COMMIT_P99, SYNCED, KAFKA)),
        commits),
)
