"""A row of the table: lanes that are measured by turns, figures, and what is compared with what."""
import dataclasses
import os
import statistics
import typing

from servers import Failure, Floor, Kafka, Millrace, kafka_version

SCALE = float(os.environ.get("SCALE", "1"))


def scaled(amount, least=1):
    """An amount of work, made smaller by SCALE for a trial of the bench itself."""
    return max(int(amount * SCALE), least)


@dataclasses.dataclass(frozen=True)
class Lane:
    """A server with a durability, which is told beside each of its figures."""
    key: str
    name: str
    durability: str
    server: type
    settings: tuple = ()

    def started(self):
        return self.server(self)


SYNCED = Lane("millrace", "Millrace", "synced before each acknowledgement", Millrace)
INTERVAL = Lane("millrace-interval", "Millrace", "synced at an interval", Millrace, ("durability=interval",))
KAFKA_NAME = f"Apache Kafka {kafka_version()}"
KAFKA = Lane("kafka", KAFKA_NAME, "never synced (its default)", Kafka)
KAFKA_SYNCED = Lane("kafka-synced", KAFKA_NAME, "synced on each append", Kafka,
                    ("log.flush.interval.messages=1",))
FLOOR = Lane("floor", "floor", "synced before each acknowledgement", Floor)


@dataclasses.dataclass(frozen=True)
class Figure:
    """Something that is measured: `name` in what a row's `measure` returns."""
    name: str
    title: str
    unit: str
    less_is_better: bool = False
    digits: int = 2


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A figure of one lane beside that of another, and what is aimed at: a ratio of the two, a value, a share of the
    floor; `beside_floor` tells the share without a target."""
    figure: Figure
    ours: Lane
    theirs: Lane
    ratio: typing.Optional[float] = None
    value: typing.Optional[float] = None
    floor_share: typing.Optional[float] = None
    beside_floor: bool = False


@dataclasses.dataclass(frozen=True)
class Row:
    key: str
    title: str
    lanes: tuple
    comparisons: tuple
    measure: typing.Callable
    note: str = ""


class Result:
    """What the runs of a row gave: for each lane the figures of each pair, or why there are none."""

    def __init__(self, row):
        self.row = row
        self.runs = {lane.key: [] for lane in row.lanes}
        self.failures = {}

    def median(self, lane, figure):
        values = [run[figure.name] for run in self.runs[lane.key] if run and figure.name in run]
        return statistics.median(values) if values else None

    def ratios(self, comparison):
        """The ratio of each pair."""
        name = comparison.figure.name
        pairs = zip(self.runs[comparison.ours.key], self.runs[comparison.theirs.key])
        return [ours[name] / theirs[name] for ours, theirs in pairs
                if ours and theirs and name in ours and theirs.get(name)]

    def floor_share(self, comparison):
        """The median of how near to the floor our lane comes: 1 is the floor itself."""
        if FLOOR.key not in self.runs or not (comparison.beside_floor or comparison.floor_share):
            return None
        name = comparison.figure.name
        shares = []
        for ours, floor in zip(self.runs[comparison.ours.key], self.runs[FLOOR.key]):
            if ours and floor and ours.get(name) and floor.get(name):
                share = ours[name] / floor[name]
                shares.append(1 / share if comparison.figure.less_is_better else share)
        return statistics.median(shares) if shares else None


def run_row(row, pairs, tell):
    """Measures each lane once per pair, forwards and backwards by turns, each server alone and in a fresh folder."""
    result = Result(row)
    for pair in range(pairs):
        order = row.lanes if pair % 2 == 0 else tuple(reversed(row.lanes))
        for lane in order:
            figures = None
            if lane.key not in result.failures:
                try:
                    figures = row.measure(lane)
                except Failure as failure:
                    result.failures[lane.key] = str(failure)
                    tell(f"{row.key} {pair + 1}: {lane.name}, {lane.durability}: FAILED: {failure}")
            result.runs[lane.key].append(figures)
            if figures:
                text = " ".join(f"{name}={value:.4g}" for name, value in figures.items())
                tell(f"{row.key} {pair + 1}: {lane.name}, {lane.durability}: {text}")
    return result
