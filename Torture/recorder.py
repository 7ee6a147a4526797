"""What every Python worker shares: its arguments, its end, and the history it writes.

A line is written before a call whose outcome a kill could hide, and after it, straight to the system: a killed process
loses at most the line it was in. Sources/Tools/Judge/History.swift reads the lines.
"""
import os
import random
import sys
import threading
import time

PADDING = "." * 2000
now = time.monotonic_ns


class Recorder:
    def __init__(self, folder, name, number):
        self.process, self.number, self.next = f"{name}-{number}", int(number), 0
        self.random = random.Random(self.number)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.file = os.open(os.path.join(folder, self.process + ".tsv"), flags, 0o644)

    def fresh(self):
        """A number that no worker has used and none will use: for values and transactions."""
        self.next += 1
        return self.number << 40 | self.next

    def text(self, began, operation, outcome="ok", topic="-", partition="-", offset="-", value="-", transaction="-",
             detail="-", ended=None):
        fields = (began, ended or now(), self.process, operation, outcome, topic, partition, offset, value, transaction,
                  detail)
        return "\t".join(map(str, fields)) + "\n"

    def write(self, text):
        rest = text.encode()
        while rest:
            rest = rest[os.write(self.file, rest):]

    def line(self, began, operation, **fields):
        self.write(self.text(began, operation, **fields))

    def payload(self, value, source="-"):
        """A record's value: its number, that of the record it was made from, and something to make it long."""
        return f"{value} {source} {PADDING[:self.random.randrange(1, 1 << self.random.randrange(1, 11))]}".encode()


def numbers(payload):
    """The two numbers of a record's value; a dash for none."""
    value, source, _ = payload.split(b" ", 2)
    return int(value), source.decode()


def stopping():
    """Set when standard input ends: the driver wants no more."""
    event = threading.Event()

    def wait():
        sys.stdin.buffer.read()
        event.set()

    threading.Thread(target=wait, daemon=True).start()
    return event


def give_up(reason):
    """A client that knows no way on is replaced by the driver, like one that was killed."""
    print("gives up:", repr(reason), file=sys.stderr, flush=True)
    os._exit(3)
