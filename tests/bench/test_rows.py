#!/usr/bin/env python3
"""test_rows.py - what ci/bench-peers makes of its documents (ci/bench-peers.d/rows.py): ratios between
cells round by round, their intervals, what is met, and what could not be measured."""
import io
import json
import os
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../ci/bench-peers.d"))
import rows  # noqa: E402


def cell(target, workload, connections, held, values, **more):
    figures = {"operations_per_second": {"rounds": values}}
    return {"target": target, "workload": workload, "connections": connections, "held": held,
            "rounds": len(values), "failed_rounds": values.count(None), "first_failure": "",
            "notes": [], "figures": figures, **more}


def beside_held(rr_none, rr_held, churn_none=(1000,) * 5, churn_held=(790,) * 5):
    """A document of row 8."""
    return {"cells": [cell("thread", "rr", 64, 0, list(rr_none)),
                      cell("thread", "rr", 64, 10000, list(rr_held)),
                      cell("thread", "churn", 8, 0, list(churn_none)),
                      cell("thread", "churn", 8, 10000, list(churn_held))]}


class Rows(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w") as file:
            file.write(text)

    def columns(self, row, document=None):
        if document:
            self.write(f"{row}.json", json.dumps(document))
        results = rows.Results(self.directory)
        return [rows.columns_of(results, line) for line in rows.ROWS[row]()]

    def report(self, *chosen):
        shown = io.StringIO()
        with mock.patch.object(sys, "argv", ["rows.py", self.directory, *chosen]), redirect_stdout(shown):
            return rows.main(), shown.getvalue()

    def test_ratios_are_made_round_by_round(self):
        # Each round's ratio is 0.95, whatever the machine did from round to round; of the medians it is
        # 0.95, of the sums it is not.
        none = [100e3, 200e3, 50e3, 400e3, 80e3]
        rr, churn = self.columns(8, beside_held(none, [own * 0.95 for own in none]))
        self.assertEqual(rr[5:], ["95 k/s", "100 k/s", "0.95", "0.95 to 0.95", ">= 0.9", "met"])
        self.assertEqual(churn[7:], ["0.79", "0.79 to 0.79", ">= 0.8", "not met"])

    def test_rounds_are_paired_by_their_number(self):
        none = [100, None, 300, 400, 500, 600, 700]
        held = [100, 900, None, 400, 500, 600, 700]
        rr = self.columns(8, beside_held(none, held))[0]
        self.assertEqual(rr[7:9], ["1", "1 to 1"])

    def test_interval_with_the_limit_in_it_is_open(self):
        rr = self.columns(8, beside_held([100] * 5, [85, 89, 91, 95, 99]))[0]
        self.assertEqual(rr[7:], ["0.91", "0.85 to 0.99", ">= 0.9", "open"])

    def test_interval_is_that_of_thrd_bench(self):
        # As tests/unit/test_statistics.c has it: the smallest and largest of five, the third of eleven.
        self.assertEqual([rows.interval_rank(count) for count in (1, 2, 5, 7, 8, 11, 101)],
                         [1, 1, 1, 1, 2, 3, 42])
        self.assertEqual(rows.estimate([5, 1, 3, 2, 4]), (3, 1, 5))
        self.assertEqual(rows.estimate([4, 1, None, 2, 3]), (2.5, 1, 4))

    def test_too_few_rounds_decide_nothing(self):
        # Two rounds have failed, each of another server: between the ends of four there are 87.5 %.
        rr = self.columns(8, beside_held([100] * 5 + [None], [None] + [200] * 5))[0]
        self.assertEqual(rr[7:], ["2", "", ">= 0.9", "open: too few rounds for an interval"])
        self.assertEqual([rows.is_sure([1] * count) for count in (0, 1, 4, 5)], [False, False, False, True])

    def test_what_has_no_rounds_has_no_interval(self):
        entries = {f"{name}_{mode}": {"rounds": values} for mode in ("thread", "fork")
                   for name, values in (("start_ms", [2, 1, 3, 2, 2]), ("wake_ups_per_second", [0.2]))}
        start, idle, *_, size = self.columns(9, {**entries, "stripped_bytes": {"rounds": [300 * 1024]}})
        self.assertEqual(start[8:], ["1 to 3", "<= 5 ms", "met"])
        self.assertEqual(idle[8:], ["", "<= 0 /s", "not met"])
        self.assertEqual(size[8:], ["", "<= 400 KiB", "met"])

    def test_at_most(self):
        line = rows.Line(1, "", rows.CPU, None, None, at_most=0.55)
        self.assertEqual([rows.judge(line, *ends) for ends in ((0.5, 0.55), (0.5, 0.6), (0.56, 0.6))],
                         ["met", "open", "not met"])

    def test_what_is_missing_is_told(self):
        self.write("missing", "libuv\n")
        self.write("3.json", json.dumps({"cells": [cell("thread", "rr", 1000, 0, [1000] * 5),
                                                   cell("epoll", "rr", 1000, 0, [1000] * 5)]}))
        go, libuv, epoll = self.columns(3)[1:]
        self.assertEqual(libuv[5:], ["1 k/s", "", "", "", ">= 1", "not measured: no libuv"])
        self.assertEqual(go[-1], "not measured: 3.json does not have it")
        self.assertEqual(epoll[-1], "met")
        self.write("8.why", "thrd: bench: no such thing\nended with status 2\n")
        self.assertEqual(self.columns(8)[0][-1], "not measured: thrd: bench: no such thing")

    def test_failed_rounds_are_told(self):
        document = beside_held([100] * 4 + [None], [95] * 5)
        document["cells"][0]["first_failure"] = "connection 1: reset"
        document["cells"][0]["notes"] = ["1 of 5 rounds failed and are left out", "busy"]
        self.write("8.json", json.dumps(document))
        status, text = self.report("8")
        self.assertEqual(status, 1)
        self.assertIn("* row 8, rr, thread: 1 of 5 rounds failed: connection 1: reset\n"
                      "* row 8, rr, thread: busy\n", text)

    def test_status(self):
        self.write("8.json", json.dumps(beside_held([100] * 5, [50] * 5)))
        status, text = self.report("8")
        self.assertEqual(status, 0)
        self.assertEqual(text.count("not met"), 2)
        status, text = self.report("8", "9")
        self.assertEqual(status, 1)
        self.assertIn("not measured: it was not run", text)

    def test_every_row_has_a_limit_or_says_so(self):
        for row, lines in rows.ROWS.items():
            for line in lines():
                self.assertEqual(line.row, row)
                limits = [limit for limit in (line.at_least, line.at_most) if limit is not None]
                self.assertEqual(len(limits), 0 if getattr(line.theirs, "target", "") ==
                                 "texts-fork-static" else 1)


if __name__ == "__main__":
    unittest.main()
