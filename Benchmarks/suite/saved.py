"""What is kept of benchmarks: for each row its last saved run, in Benchmarks/results/runs.json. From it come the table in
docs/performance.md and the chart, Benchmarks/results/chart.svg."""
import json

import chart
import row
import rows
import servers
import table

FOLDER = servers.ROOT / "Benchmarks" / "results"
PAGE = servers.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- The table is written by make bench SAVE=1. -->\n", "<!-- The table ends. -->\n"


def save(results, run):
    """Puts `results` in the place of what was kept of their rows; `run` says when, where and how they came about."""
    path = FOLDER / "runs.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    for result in results:
        kept[result.row.key] = {"run": run, "runs": result.runs, "failures": result.failures}
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps({entry.key: kept[entry.key] for entry in rows.ALL if entry.key in kept}, indent=1) + "\n")
    publish()


def publish():
    """Writes the table and the chart of what is kept."""
    kept = json.loads((FOLDER / "runs.json").read_text())
    results, keys = [], {}
    for entry in rows.ALL:
        if entry.key not in kept:
            continue
        result = row.Result(entry)
        result.runs, result.failures = kept[entry.key]["runs"], kept[entry.key]["failures"]
        results.append(result)
        keys.setdefault(kept[entry.key]["run"], []).append(entry.key)
    head = [run if len(keys) == 1 else f"{', '.join(names)}: {run}" for run, names in keys.items()]
    dates = sorted({run.split()[0] for run in keys})
    caption = f"{', '.join(dates)}; bar: median of the pairs, line: least to most, mark: target"
    (FOLDER / "chart.svg").write_text(chart.svg(results, caption))
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, end, behind = rest.partition(END)
    if not end:
        raise SystemExit(f"bench: {PAGE} has no place for the table")
    PAGE.write_text(f"{before}{BEGIN}\n{table.markdown(results, head, row.KAFKA.name)}\n{END}{behind}")
    print("bench: saved in Benchmarks/results and docs/performance.md")
