"""The first row: produce 1 KB with Kafka's ProducerPerformance, server CPU and MB/s, side by side with Apache Kafka.

The servers run one at a time and by turns; each is warmed before its first figure; every figure is a median, and beside
each pair stands its ratio. Processor time is the server process's own (user and system, from /proc).
"""
import datetime
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

KAFKA = os.path.join(os.environ["KAFKA_HOME"], "kafka")
PAIRS = int(os.environ.get("PAIRS", "3"))
RECORDS = int(os.environ.get("RECORDS", "400000"))
SIZE = 1000
TICKS = os.sysconf("SC_CLK_TCK")
PERF = "org.apache.kafka.tools.ProducerPerformance"


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


class Millrace:
    def __init__(self, folder, durability):
        self.process = subprocess.Popen(
            [".build/release/millrace", "serve", "--data", f"{folder}/data", "--kafka", "127.0.0.1:0", "--set",
             f"durability={durability}"],
            stdout=subprocess.PIPE, stderr=open(f"{folder}/log", "w"), text=True)
        self.pid = self.process.pid
        for line in self.process.stdout:
            if line.startswith("millrace ready"):
                self.bootstrap = re.search(r"kafka=([^ ,\n]+)", line)[1]
                return
        raise SystemExit(f"bench: the server did not start: {open(f'{folder}/log').read()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Kafka:
    def __init__(self, folder, settings):
        self.folder = f"{folder}/kafka"
        extra = f"{folder}/extra.properties"
        pathlib.Path(extra).write_text("".join(f"{s}\n" for s in settings))
        self.environment = dict(os.environ, KAFKA_EXTRA=extra, KAFKA_HEAP="1g", KAFKA_PORT="39092")
        self.bootstrap = subprocess.run([KAFKA, "start", "1", self.folder], env=self.environment, text=True,
                                        stdout=subprocess.PIPE, check=True).stdout.split()[-1]
        self.pid = int(open(f"{self.folder}/1.pid").read())

    def stop(self):
        subprocess.run([KAFKA, "stop", self.folder], env=self.environment, check=True, stdout=subprocess.DEVNULL)


def produce(server, records):
    """MB/s and the server's processor seconds per GB."""
    before = cpu_seconds(server.pid)
    run = subprocess.run(
        [KAFKA, "run", PERF, "--topic", "bench", "--num-records", str(records), "--record-size", str(SIZE),
         "--throughput", "-1", "--bootstrap-server", server.bootstrap, "--command-property", "acks=all"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    rate = re.findall(r"\(([\d.]+) MB/sec\)", run.stdout)
    if run.returncode or not rate:
        raise SystemExit(f"bench: the producer failed:\n{run.stdout[-2000:]}")
    used = cpu_seconds(server.pid) - before
    return float(rate[-1]) * 1.048576, used / (records * SIZE / 1e9)


LANES = [
    ("Millrace", "synced before every acknowledgement", lambda folder: Millrace(folder, "sync"), 1.0),
    ("Millrace", "synced at an interval", lambda folder: Millrace(folder, "interval"), 1.0),
    ("Apache Kafka 4.3.1", "never synced (its default)", lambda folder: Kafka(folder, []), 1.0),
    ("Apache Kafka 4.3.1", "synced on every append", lambda folder: Kafka(folder, ["log.flush.interval.messages=1"]),
     0.1),
]


def measure(lane):
    _, _, make, share = lane
    folder = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        server = make(folder)
        try:
            produce(server, int(RECORDS * share))  # warms: page cache, JIT, first files
            rate, cpu = produce(server, int(RECORDS * share))
            return rate, cpu, resident_mb(server.pid)
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def warm_memory():
    """Touches memory once, so that the first server does not pay for pages the machine has never handed out."""
    free = int(re.search(r"MemAvailable:\s+(\d+)", open("/proc/meminfo").read())[1]) * 1024
    room = bytearray(min(free // 2, 4 << 30))
    for at in range(0, len(room), 4096):
        room[at] = 1


def machine():
    model = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read())
    memory = int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo").read())[1]) / (1 << 20)
    return (f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {memory:.0f} GB, Linux "
            f"{platform.release()}, load before the run {os.getloadavg()[0]:.2f}")


def main():
    facts, date = machine(), datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    warm_memory()
    runs = {index: [] for index in range(len(LANES))}
    for pair in range(PAIRS):
        order = list(runs) if pair % 2 == 0 else list(reversed(list(runs)))
        for index in order:
            runs[index].append(measure(LANES[index]))
            name, durability = LANES[index][:2]
            rate, cpu, memory = runs[index][-1]
            print(f"pair {pair + 1}: {name}, {durability}: {rate:.1f} MB/s, {cpu:.2f} CPU-s/GB, {memory:.0f} MB",
                  flush=True)
    lines = [
        "# Produce, 1 KB records", "",
        f"{date}; {facts}.",
        f"Kafka's ProducerPerformance, acks=all, {RECORDS} records of {SIZE} bytes a run ({int(RECORDS * LANES[3][3])} "
        f"where each append is synced), {PAIRS} runs each by turns, the median. Again: `make bench`.", "",
        "| server | durability | MB/s | server CPU-s/GB | RSS MB |", "|---|---|---|---|---|",
    ]
    for index, (name, durability, _, _) in enumerate(LANES):
        columns = [statistics.median(column) for column in zip(*runs[index])]
        lines.append(f"| {name} | {durability} | {columns[0]:.1f} | {columns[1]:.2f} | {columns[2]:.0f} |")
    lines += ["", "| compared | MB/s, ratio of pairs: median (least to most) | CPU-s/GB, likewise |", "|---|---|---|"]
    for ours, theirs, title in ((0, 2, "synced Millrace : unsynced Kafka"), (0, 3, "synced Millrace : synced Kafka"),
                                (1, 2, "interval Millrace : unsynced Kafka")):
        cells = []
        for column in (0, 1):
            ratios = [a[column] / b[column] for a, b in zip(runs[ours], runs[theirs])]
            cells.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        lines.append(f"| {title} | {cells[0]} | {cells[1]} |")
    if float(facts.rsplit(" ", 1)[1]) > 0.5:
        lines += ["", "The machine was not idle when the run began: read the ratios, not the figures."]
    table = "\n".join(lines) + "\n"
    print(table)
    if "--save" in sys.argv:
        path = pathlib.Path("Benchmarks/results") / f"produce-{date[:10]}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(table)
        print(f"saved as {path}")


main()
