"""rows.py RESULTS ROW... - what ci/bench-peers has measured, as a table.

RESULTS has the documents of thrd bench (src/bench/report/document.md) by the names that ci/bench-peers
gives them, and those of filter.py and process.py. Ratios are made round by round; the interval lies
between two of the rounds' own (order statistics, as thrd bench makes its own), so that the true
median is in it with 90 % or more. Exit status 1: not all was measured."""
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Optional, Union

COVERAGE_WANTED = 0.9

RATE = "operations_per_second"
CPU = "server_cpu_us_per_operation"
BULK = "megabytes_per_second"
PSS = "pss_bytes_per_connection"
MEMORY = "memory_bytes_per_connection"

# What a figure is called in the table, what it is divided by, and its unit then.
FIGURES = {
    RATE: ("rate", 1e3, "k/s"),
    CPU: ("CPU", 1, "us"),
    BULK: ("throughput", 1e3, "GB/s"),
    PSS: ("PSS", 1024, "KiB"),
    MEMORY: ("memory", 1024, "KiB"),
    "start": ("start to ready", 1, "ms"),
    "wake-ups": ("wake-ups", 1, "/s"),
    "size": ("size", 1024, "KiB"),
}


@dataclass
class Cell:
    """A server with a load on it, in a document of thrd bench."""
    document: str
    target: str
    workload: str
    connections: int = 0
    held: int = 0


@dataclass
class Entry:
    """A figure in a document of filter.py or process.py."""
    document: str
    target: str


@dataclass
class Line:
    row: int
    work: str
    figure: str
    ours: Union[Cell, Entry]
    theirs: Optional[Union[Cell, Entry]]  # None: our figure itself is held against the limit
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    beside: str = ""  # what theirs is, where that is not the name of its server


class NotMeasured(Exception):
    pass


# ---- The rows ------------------------------------------------------------------------------

def row_1():
    for count in 8, 64:
        own = Cell("1", "thread", "crr", count)

        def beside(peer, figure, **limit):
            return Line(1, f"crr, {count} at once", figure, own, Cell("1", peer, "crr", count), **limit)
        yield beside("texts-thread", RATE, at_least=1.3)
        yield beside("go", RATE, at_least=1.15)
        yield beside("libuv", RATE, at_least=1.0)
        yield beside("libevent", RATE, at_least=1.0)
        yield beside("texts-thread", CPU, at_most=0.55)
        yield beside("epoll", CPU, at_most=1.05)


def requests(row, counts, limits):
    for count in counts:
        for peer, limit in limits.items():
            yield Line(row, f"rr, {count} connection{'s' * (count > 1)}", RATE,
                       Cell(str(row), "thread", "rr", count), Cell(str(row), peer, "rr", count),
                       at_least=limit)


def row_2():
    return requests(2, (1, 8, 64), {"texts-thread": 1.0, "go": 1.0, "libuv": 1.0, "epoll": 0.85})


def row_3():
    return requests(3, (1000,), {"texts-thread": 1.1, "go": 1.0, "libuv": 1.0, "epoll": 0.7})


def row_4():
    for mode in "thread", "fork":
        for peer, limit in ("epoll", 0.95), ("libuv", 2), ("go", 2):
            yield Line(4, "stream, 4 connections", BULK, Cell("4", mode, "stream", 4),
                       Cell("4", peer, "stream", 4), at_least=limit)


def row_5():
    # The static program is there to see what that alone makes; no limit is set for it.
    for peer, limit in ("texts-fork", 1.5), ("texts-fork-static", None), ("socat", 4), ("tcpserver", 4):
        yield Line(5, "crr, 8 at once", RATE, Cell("5", "fork", "crr", 8), Cell("5", peer, "crr", 8),
                   at_least=limit)


def row_6():
    for held in 1000, 10000:
        document, work = f"6-{held}", f"hold, {held} connections"
        yield Line(6, work, PSS, Cell(document, "thread", "hold", held=held), None, at_most=4.5)
        yield Line(6, work, MEMORY, Cell(document, "fork", "hold", held=held),
                   Cell(document, "texts-fork", "hold", held=held), at_most=0.6)


def row_7():
    for mode in "thread", "fork":
        yield Line(7, "rot13, 64 connections", RATE, Cell("7-echo", mode, "rot13", 64),
                   Cell("7-echo", mode, "rr", 64), at_least=0.95, beside="echo")
        yield Line(7, "rot13-stream, 4 connections", BULK, Cell("7-echo", mode, "rot13-stream", 4),
                   Cell("7-echo", mode, "stream", 4), at_least=0.9, beside="echo")
        yield Line(7, "rot13-stream, 4 x 4 KiB", BULK, Cell("7-lecture", mode, "rot13-stream", 4),
                   Cell("7-lecture", "lecture", "rot13-stream", 4), at_least=50)
    yield Line(7, "thrd run rot13, 1 GiB", BULK, Entry("7-filter", "thrd"), Entry("7-filter", "tr"),
               at_least=5)


def row_8():
    for work, workload, count, limit in (("rr, 64 connections", "rr", 64, 0.9),
                                         ("crr, 8 at once", "churn", 8, 0.8)):
        yield Line(8, f"{work}, 10000 held", RATE, Cell("8", "thread", workload, count, 10000),
                   Cell("8", "thread", workload, count, 0), at_least=limit, beside="none held")


def row_9():
    for mode in "thread", "fork":
        yield Line(9, f"--mode={mode}", "start", Entry("9", f"start_ms_{mode}"), None, at_most=5)
        yield Line(9, f"--mode={mode}, idle", "wake-ups", Entry("9", f"wake_ups_per_second_{mode}"), None,
                   at_most=0)
    yield Line(9, "the program, stripped", "size", Entry("9", "stripped_bytes"), None, at_most=400)


ROWS = {1: row_1, 2: row_2, 3: row_3, 4: row_4, 5: row_5, 6: row_6, 7: row_7, 8: row_8, 9: row_9}


# ---- What was measured ---------------------------------------------------------------------

class Results:
    def __init__(self, directory):
        self.directory = directory
        self.documents = {}

    def text(self, name):
        try:
            with open(os.path.join(self.directory, name)) as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def document(self, name):
        if name not in self.documents:
            text = self.text(name + ".json")
            self.documents[name] = json.loads(text) if text else None
        if self.documents[name] is None:
            why = self.text(name + ".why").splitlines()
            raise NotMeasured(why[0] if why else "it was not run")
        return self.documents[name]

    def cell(self, wanted):
        for cell in self.document(wanted.document)["cells"]:
            if all(cell[key] == getattr(wanted, key)
                   for key in ("target", "workload", "connections", "held")):
                return cell
        if wanted.target in self.text("missing").splitlines():
            raise NotMeasured(f"no {wanted.target}")
        raise NotMeasured(f"{wanted.document}.json does not have it")

    def rounds(self, source, figure):
        """A value for each round, None where it failed; in the unit of the table."""
        scale = FIGURES[figure][1]
        if isinstance(source, Entry):
            values = self.document(source.document)[source.target]["rounds"]
        else:
            cell = self.cell(source)
            if figure not in cell["figures"]:
                raise NotMeasured(f"{source.target}: {cell['first_failure'] or 'not known here'}")
            values = cell["figures"][figure]["rounds"]
        return [value / scale if value is not None else None for value in values]


def interval_rank(count):
    """The largest rank from both ends whose interval still holds the median surely enough."""
    rank, outside = 1, 2 / 2 ** count
    while 2 * (rank + 1) <= count:
        outside += 2 * math.comb(count, rank) / 2 ** count
        if 1 - outside < COVERAGE_WANTED:
            break
        rank += 1
    return rank


def is_sure(values):
    """Whether there is an interval at all that holds the median surely enough: of five and more."""
    known = sum(value is not None for value in values)
    return known > 0 and 1 - 2 / 2 ** known >= COVERAGE_WANTED


def estimate(values):
    """Median, and the interval's ends."""
    known = sorted(value for value in values if value is not None)
    if not known:
        raise NotMeasured("no round has a figure of both")
    middle = len(known) // 2
    median = known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
    rank = interval_rank(len(known))
    return median, known[rank - 1], known[-rank]


def ratios(ours, theirs):
    return [own / other if own is not None and other else None for own, other in zip(ours, theirs)]


def judge(line, low, high):
    if line.at_least is not None:
        return "met" if low >= line.at_least else "not met" if high < line.at_least else "open"
    if line.at_most is not None:
        return "met" if high <= line.at_most else "not met" if low > line.at_most else "open"
    return "no limit"


# ---- The table -----------------------------------------------------------------------------

HEADINGS = ("row", "workload", "mode", "beside", "figure", "thrd", "other", "ratio", "interval", "limit",
            "")


def three_digits(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def limit_of(line):
    unit = "" if line.theirs else " " + FIGURES[line.figure][2]
    if line.at_least is not None:
        return f">= {line.at_least:g}{unit}"
    return f"<= {line.at_most:g}{unit}" if line.at_most is not None else ""


def columns_of(results, line):
    name, _, unit = FIGURES[line.figure]
    mode = line.ours.target if isinstance(line.ours, Cell) else ""
    beside = line.beside or (line.theirs.target if line.theirs else "")
    columns = [str(line.row), line.work, mode, beside, name, "", "", "", "", limit_of(line)]
    try:
        ours = results.rounds(line.ours, line.figure)
        decisive = ours
        columns[5] = f"{three_digits(estimate(ours)[0])} {unit}"
        if line.theirs:
            theirs = results.rounds(line.theirs, line.figure)
            columns[6] = f"{three_digits(estimate(theirs)[0])} {unit}"
            decisive = ratios(ours, theirs)
        median, low, high = estimate(decisive)
    except NotMeasured as why:
        return columns + [f"not measured: {why}"]
    if line.theirs:
        columns[7] = three_digits(median)
    if len(decisive) == 1:  # a count or a size: there are no rounds of it
        return columns + [judge(line, low, high)]
    if not is_sure(decisive):
        return columns + ["open: too few rounds for an interval"]
    columns[8] = f"{three_digits(low)} to {three_digits(high)}"
    return columns + [judge(line, low, high)]


def print_table(table):
    widths = [max(len(row[i]) for row in table) for i in range(len(HEADINGS) - 1)] + [0]
    for number, row in enumerate(table):
        if number > 0 and row[0] != table[number - 1][0]:
            print()
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def remarks(results):
    """What is to be known beside the figures: failed rounds, and what thrd bench notes. Returns them, and
    whether a round failed."""
    lines, failed = [], False
    for name, document in results.documents.items():
        for cell in (document or {}).get("cells", ()):
            which = f"row {name[0]}, {cell['workload']}, {cell['target']}"
            if cell["failed_rounds"] > 0:
                failed = True
                lines.append(f"{which}: {cell['failed_rounds']} of {cell['rounds']} rounds failed: "
                             f"{cell['first_failure']}")
            lines += [f"{which}: {note}" for note in cell["notes"] if "rounds failed" not in note]
    return list(dict.fromkeys(lines)), failed


def first_value(path, key):
    with open(path) as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), "unknown")


def commit():
    try:
        return subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"], check=True,
                              capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown: this is no clone of git"


def print_circumstances(results):
    memory = int(first_value("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    print(f"{first_value('/proc/cpuinfo', 'model name')}, {os.cpu_count()} CPUs, {memory:.0f} GiB, "
          f"Linux {os.uname().release}")
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, commit {commit()}")
    for command in results.text("commands").splitlines():
        print(f"  {command}")
    print()


def main():
    results = Results(sys.argv[1])
    table = [list(HEADINGS)]
    for row in sys.argv[2:]:
        table += [columns_of(results, line) for line in ROWS[int(row)]()]
    print_circumstances(results)
    print_table(table)
    print("\nratio: thrd's figure over the other's, median of the rounds' ratios; without one, the\n"
          "interval is of thrd's figure. The true median lies in the interval with 90 % or more; open:\n"
          "so does the limit.")
    lines, failed = remarks(results)
    if lines:
        print("\n" + "\n".join("* " + line for line in lines))
    return 1 if failed or any(row[-1].startswith("not measured") for row in table) else 0


if __name__ == "__main__":
    sys.exit(main())
