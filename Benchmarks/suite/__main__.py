"""The benchmarks beside Apache Kafka: python3 Benchmarks/suite [--save] [ROW,ROW...]; `--rows` lists them. With --save the
rows that were run take the place of those that were kept (saved.py).

PAIRS runs of each server for each row (5), SCALE makes them shorter for a trial (1). Needs KAFKA_HOME, a folder with
`kafka`, `libs` and `log4j2.xml`, and the release builds of millrace and loadgen.
"""
import datetime
import os
import subprocess
import sys

import machine
import row
import rows
import saved
import servers
import table


def chosen(words):
    """The rows whose names begin with one of `words`; all where there are none."""
    names = [name for word in words for name in word.split(",") if name]
    unknown = [name for name in names if not any(entry.key.startswith(name) for entry in rows.ALL)]
    if unknown:
        raise SystemExit(f"bench: no row begins with {', '.join(unknown)}; there are "
                         + ", ".join(entry.key for entry in rows.ALL))
    return [entry for entry in rows.ALL if not names or any(entry.key.startswith(name) for name in names)]


def commit():
    run = subprocess.run(["git", "-C", str(servers.ROOT), "describe", "--always", "--dirty"], capture_output=True,
                         text=True)
    return run.stdout.strip() or "unknown"


def main():
    arguments = sys.argv[1:]
    if "--rows" in arguments:
        print("\n".join(f"{entry.key:20} {entry.title}" for entry in rows.ALL))
        return
    if not os.access(servers.KAFKA_TOOL, os.X_OK):
        print("bench: left out: KAFKA_HOME names no Apache Kafka", file=sys.stderr)
        return
    pairs = int(os.environ.get("PAIRS", "5"))
    wanted = chosen([word for word in arguments if not word.startswith("--")])
    if "--save" in arguments and (row.SCALE != 1 or pairs < 5):
        raise SystemExit("bench: only five pairs and more of the whole work are saved")
    servers.build_floor()
    facts, is_quiet = machine.facts()
    began = datetime.datetime.now(datetime.timezone.utc)
    machine.touch_memory(machine.memory_mb("MemFree") - 2048)
    results = [row.run_row(entry, pairs, lambda line: print(line, flush=True)) for entry in wanted]
    part = "" if len(wanted) == len(rows.ALL) else f" ROWS={','.join(entry.key for entry in wanted)}"
    run = f"{began:%Y-%m-%d %H:%M} UTC, commit {commit()}, {facts}: `make bench PAIRS={pairs}{part}`."
    if not is_quiet:
        run += " **The machine was not idle when the run began: read processor times and ratios, not the rates.**"
    head = [run]
    if row.SCALE != 1:
        head.append(f"**A trial with the work scaled by {row.SCALE:g}: no figure of it counts.**")
    if pairs < 5:
        head.append("**Fewer than five pairs: no target counts as met.**")
    text = table.markdown(results, head, row.KAFKA.name)
    print(text)
    if "--save" in arguments:
        saved.save(results, run)
    ours = [(result, lane) for result in results for lane in result.row.lanes if lane.server is servers.Millrace]
    if any(lane.key in result.failures for result, lane in ours):
        raise SystemExit("bench: a row of Millrace failed")


main()
