"""Figures that a change must not make worse: each is measured for N and for 2 N operations of a server in its steady
state, so that what happens once drops out, and compared with what stands in figures.txt."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MILLRACE = ROOT / ".build" / "release" / "millrace"
LOADGEN = ROOT / ".build" / "release" / "loadgen"
STORED = pathlib.Path(__file__).with_name("figures.txt")
KB_PER_BATCH = 16  # 16 records of 1000 bytes fill a batch of 16 KiB


class Server:
    """Millrace behind another program, such as a profiler, or with variables of its own. The program must not fork: it
    is told to stop."""

    def __init__(self, wrapper=(), environment=None, binary=MILLRACE):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-figures-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.broker = f"127.0.0.1:{probe.getsockname()[1]}"
        self.process = subprocess.Popen(
            [*wrapper, binary, "serve", "--data", self.folder / "data", "--kafka", self.broker],
            env={**os.environ, **(environment or {})}, stdout=open(self.folder / "log", "w"), stderr=subprocess.STDOUT)
        self.load("await")

    def load(self, mode, **options):
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        run = subprocess.run([LOADGEN, mode, "--broker", self.broker, *words], capture_output=True, text=True,
                             timeout=900)
        if run.returncode:
            raise SystemExit(f"figures: {run.stdout.strip()}\n{(self.folder / 'log').read_text()[-2000:]}")
        return dict(re.findall(r"(\S+)=(\S+)", run.stdout))

    def produce(self, batches, topic="bench"):
        """So many batches of 16 KiB from one producer that waits for each: each is a commit group of its own."""
        self.load("produce", topic=topic, connections=1, in_flight=1, megabytes=batches * KB_PER_BATCH // 1000)

    def fetch(self, passes, topic="bench"):
        """All of the topic, batch by batch; returns the number of fetches."""
        return int(self.load("consume", topic=topic, partition_bytes=16_800, passes=passes)["answers"])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        log = (self.folder / "log").read_text()
        shutil.rmtree(self.folder, ignore_errors=True)
        return log


def stored():
    """Figure and tolerance, a share of it, by name."""
    lines = [line.split() for line in STORED.read_text().splitlines() if line and not line.startswith("#")]
    return {name: (float(value), float(tolerance)) for name, value, tolerance in lines}


def check(found):
    """Compares with what is stored; SAVE=1 stores instead. A figure that has become better fails too: what is gained and
    not stored could be lost again unnoticed, and one that is too good was not measured."""
    if os.environ.get("SAVE"):
        text = STORED.read_text()
        for name, value in found.items():
            text = re.sub(rf"^({re.escape(name)} +)\S+", rf"\g<1>{value:.6g}", text, flags=re.M)
        STORED.write_text(text)
    known, differs = stored(), False
    for name, value in found.items():
        figure, tolerance = known[name]
        most, least = figure * (1 + tolerance) + 0.05, figure * (1 - tolerance) - 0.05
        state = "WORSE" if value > most else "BETTER: store it with SAVE=1" if value < least else "ok"
        differs |= state != "ok"
        print(f"{name}: {value:.6g}, stored {figure:.6g} ({least:.6g} to {most:.6g}): {state}")
    sys.exit(1 if differs else 0)
