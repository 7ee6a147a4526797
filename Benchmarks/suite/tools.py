"""What loads the servers: the project's generator, Kafka's own tools, and the project's commands for topics."""
import json
import re
import subprocess

from servers import Failure, KAFKA_TOOL, LOADGEN, MILLRACE

PATIENCE = 1800
# More than some 10,000 at once a Kafka controller refuses as an excessively large batch.
PARTITIONS_AT_ONCE = 5_000


def load(mode, server, **options):
    """Runs `loadgen MODE` against the server; returns what it found as numbers by name."""
    return finish_load(start_load(mode, server, **options), server)


def start_load(mode, server, **options):
    """Begins `loadgen MODE`; `finish_load` waits for it."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return subprocess.Popen([LOADGEN, mode, "--broker", server.bootstrap, "--pid", str(server.pid), *words],
                            stdout=subprocess.PIPE, text=True)


def finish_load(running, server):
    try:
        text = running.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        running.kill()
        raise Failure(f"loadgen against {server.lane.name}: not done in {PATIENCE} s")
    if running.returncode:
        raise Failure(f"loadgen against {server.lane.name}: {text.strip()[-600:]}")
    return {name: float(value) for name, value in re.findall(r"(\S+)=(-?[\d.]+)(?=\s|$)", text)}


def create_topic(server, name, partitions, *settings, seconds=600):
    """Makes a topic with the project's own command, which any Kafka broker understands, and waits for its leaders."""
    words = [word for setting in settings for word in ("--config", setting)]
    for count in (*range(PARTITIONS_AT_ONCE, partitions, PARTITIONS_AT_ONCE), partitions):
        verb = ["alter", name] if count > PARTITIONS_AT_ONCE else ["create", name, *words]
        run = subprocess.run([MILLRACE, "topic", *verb, "--bootstrap", server.bootstrap, "--partitions", str(count)],
                             capture_output=True, text=True)
        if run.returncode and "timed out" not in (run.stdout + run.stderr).lower():
            raise Failure(f"{server.lane.name} did not make {count} partitions: {(run.stdout + run.stderr)[-400:]}")
    waiting = subprocess.Popen([LOADGEN, "await", "--broker", server.bootstrap, "--topic", name, "--partitions",
                                str(partitions), "--seconds", str(seconds)], stdout=subprocess.DEVNULL)
    while waiting.poll() is None:
        if server.process.poll() is not None:
            waiting.kill()
            raise Failure(f"{server.lane.name} ended while {partitions} partitions were made")
        try:
            waiting.wait(1)
        except subprocess.TimeoutExpired:
            continue
    if waiting.returncode:
        raise Failure(f"{server.lane.name} has no leaders for {partitions} partitions after {seconds} s")


def alter_topic(server, name, *settings):
    words = [word for setting in settings for word in ("--set", setting)]
    run = subprocess.run([MILLRACE, "topic", "alter", name, "--bootstrap", server.bootstrap, *words],
                         capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"{server.lane.name} did not change {name}: {(run.stdout + run.stderr)[-400:]}")


def topic_mb(server, name):
    """Bytes of a topic on disk, as the server tells them."""
    run = subprocess.run([MILLRACE, "topic", "describe", name, "--bootstrap", server.bootstrap, "--json"],
                         capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"{server.lane.name} did not describe {name}: {(run.stdout + run.stderr)[-400:]}")
    return sum(partition["bytes_on_disk"] for partition in json.loads(run.stdout)["partitions"]) / 1e6


def run_java(*arguments):
    run = subprocess.run([KAFKA_TOOL, "run", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        raise Failure(f"{arguments[0]}: {run.stdout[-1500:]}")
    return run.stdout


def java_produce(server, topic, records, size):
    """Kafka's ProducerPerformance; MB/s and its latencies, which are those of a closed loop."""
    text = run_java("org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", str(records),
                    "--record-size", str(size), "--throughput", "-1", "--bootstrap-server", server.bootstrap,
                    "--command-property", "acks=all")
    last = re.findall(r"\(([\d.]+) MB/sec\).*?(\d+) ms 99th", text)
    if not last:
        raise Failure(f"ProducerPerformance: {text[-1500:]}")
    return float(last[-1][0]) * 1.048576, float(last[-1][1])


def java_consume(server, topic, records, group):
    """Kafka's ConsumerPerformance in a group: MB/s while it fetched, and with the time it took to join."""
    text = run_java("org.apache.kafka.tools.ConsumerPerformance", "--topic", topic, "--num-records", str(records),
                    "--bootstrap-server", server.bootstrap, "--group", group, "--timeout", "60000", "--hide-header")
    lines = [line.split(", ") for line in text.splitlines() if line.count(", ") >= 9]
    if not lines or int(lines[-1][4]) < records:
        raise Failure(f"ConsumerPerformance: {text[-1500:]}")
    return float(lines[-1][8]) * 1.048576, float(lines[-1][3]) * 1.048576
