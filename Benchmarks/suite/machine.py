"""Facts of the machine, and what a process uses of it."""
import os
import platform
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")
BUSY_LOAD = 0.3


def contents(path):
    with open(path) as file:
        return file.read()


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = contents(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", contents(f"/proc/{pid}/status"))[1]) / 1024


def peak_mb(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", contents(f"/proc/{pid}/status"))[1]) / 1024


def memory_mb(name):
    return int(re.search(rf"{name}:\s+(\d+)", contents("/proc/meminfo"))[1]) / 1024


def touch_memory(megabytes):
    """Touches memory that is free now: a page that the machine's host has taken back costs more than all that is done
    to it, and the first server would pay for it."""
    size = int(min(megabytes, memory_mb("MemAvailable") / 2)) << 20
    room = bytearray(size)
    room[::4096] = bytes(len(range(0, size, 4096)))


def steal_share(seconds=1.0):
    """The share of a moment that the machine's host gave to others."""
    def reading():
        fields = [int(field) for field in contents("/proc/stat").split("\n", 1)[0].split()[1:9]]
        return sum(fields), fields[7]
    before = reading()
    time.sleep(seconds)
    after = reading()
    return (after[1] - before[1]) / max(after[0] - before[0], 1)


def facts():
    """A line about the machine, and whether it was free for a measurement."""
    load, steal = os.getloadavg()[0], steal_share()
    model = re.search(r"model name\s*:\s*(.*)", contents("/proc/cpuinfo"))
    line = (f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {memory_mb('MemTotal') / 1024:.0f} GB, "
            f"Linux {platform.release()}, load before the run {load:.2f}, steal {steal * 100:.0f} %")
    return line, load < BUSY_LOAD and steal < 0.02
