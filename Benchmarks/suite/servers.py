"""The servers under test: each starts in a folder of its own, on a free port, and is stopped, or killed and started
again."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / ".build" / "release"
MILLRACE = str(BUILT / "millrace")
LOADGEN = str(BUILT / "loadgen")
FLOOR = str(ROOT / ".build" / "floor")
KAFKA_HOME = pathlib.Path(os.environ.get("KAFKA_HOME") or "none")
KAFKA_TOOL = str(KAFKA_HOME / "kafka")


def kafka_version():
    """As the client's jar says it."""
    jars = sorted(KAFKA_HOME.glob("libs/kafka-clients-*.jar"))
    return jars[0].stem.removeprefix("kafka-clients-") if jars else "of no version"


class Failure(Exception):
    """What could not be measured, and why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server in a folder of its own, which goes with it."""

    def __init__(self, lane):
        self.lane = lane
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-"))
        self.port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.process = None

    def __enter__(self):
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self):
        return self.process.pid

    @property
    def data(self):
        return self.folder / "data"

    def prepare(self):
        self.data.mkdir()

    def command(self):
        raise NotImplementedError

    def start(self, topic=None, partitions=1, seconds=120):
        """Starts it and returns the seconds to its first answer: that it serves, `topic` with all its partitions."""
        wanted = ["--topic", topic, "--partitions", str(partitions)] if topic else []
        asking = subprocess.Popen([LOADGEN, "await", "--broker", self.bootstrap, "--seconds", str(seconds), *wanted],
                                  stdout=subprocess.PIPE, text=True)
        began = time.monotonic_ns()
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        answer = asking.communicate()[0]
        if asking.returncode or self.process.poll() is not None:
            raise Failure(f"{self.lane.name} did not start: {answer.strip()} {self.last_words()}")
        return (int(answer.split("answered_at_ns=")[1]) - began) / 1e9

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self):
        return (self.folder / "log").read_text()[-600:]


class Millrace(Server):
    def command(self):
        settings = [word for setting in self.lane.settings for word in ("--set", setting)]
        return [MILLRACE, "serve", "--data", str(self.data), "--kafka", self.bootstrap, *settings]


class Floor(Server):
    """The least that a synced server can do (Benchmarks/floor)."""
    partitions = 12

    def command(self):
        return [FLOOR, str(self.port), str(self.data), str(self.partitions)]


class Kafka(Server):
    """Apache Kafka as it comes, on one node."""
    heap = "1g"

    def prepare(self):
        super().prepare()
        self.properties = self.folder / "server.properties"
        controller = free_port()
        lines = [
            "process.roles=broker,controller", "node.id=1", f"controller.quorum.voters=1@127.0.0.1:{controller}",
            f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}", "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT", f"log.dirs={self.data}", "offsets.topic.replication.factor=1",
            "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1", "share.coordinator.state.topic.min.isr=1",
            *self.lane.settings]
        self.properties.write_text("\n".join(lines) + "\n")
        format_run = subprocess.run(
            self.java("kafka.tools.StorageTool", "format", "-t", uuid.uuid4().hex[:22], "-c", str(self.properties)),
            capture_output=True, text=True)
        if format_run.returncode:
            raise Failure(f"Kafka's folder could not be made: {(format_run.stdout + format_run.stderr)[-600:]}")

    def java(self, *arguments):
        return ["java", f"-Xmx{self.heap}", "-XX:+UseG1GC", f"-Dlog4j2.configurationFile={KAFKA_HOME}/log4j2.xml",
                "-cp", f"{KAFKA_HOME}/libs/*", *arguments]

    def command(self):
        return self.java("kafka.Kafka", str(self.properties))


def build_floor():
    """Builds the floor where it is older than its sources."""
    sources = sorted((ROOT / "Benchmarks" / "floor").glob("*.[ch]"))
    newest = max(source.stat().st_mtime for source in sources)
    if os.path.exists(FLOOR) and os.path.getmtime(FLOOR) > newest:
        return
    units = [str(source) for source in sources if source.suffix == ".c"]
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", FLOOR, *units, "-lisal", "-lpthread"], check=True)
