#!/usr/bin/env python3
"""test_process.py - ci/bench-peers leaves no server behind where row 9 fails (ci/bench-peers.d/process.py)."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../ci/bench-peers.d"))
import process  # noqa: E402


class Process(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name

    def fails_and_is_gone(self, ready_line, failure):
        """A server that stays, whatever it has said."""
        server = os.path.join(self.directory, "server")
        number = os.path.join(self.directory, "pid")
        with open(server, "w") as file:
            file.write(f"#!/bin/sh\necho $$ >'{number}'\necho '{ready_line}'\nexec sleep 30\n")
        os.chmod(server, 0o755)
        self.assertRaises(failure, process.wake_ups, server, "thread")
        with open(number) as file:
            self.assertRaises(ProcessLookupError, os.kill, int(file.read()), 0)

    def test_server_without_a_ready_line(self):
        self.fails_and_is_gone("so what", SystemExit)

    def test_server_that_does_not_serve(self):
        self.fails_and_is_gone("ready listen=127.0.0.1:0 mode=thread", OSError)


if __name__ == "__main__":
    unittest.main()
