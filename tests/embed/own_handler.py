#!/usr/bin/env python3
"""own_handler.py PROGRAM - the example's own handler as two servers and as a filter."""

import random
import subprocess
import sys

from same_bytes import Client, Server, split

program = sys.argv[1]
rng = random.Random(1)
big = rng.randbytes(1 << 20)
inputs = [b"", b"\n", b"one\ntwo", big]
answers = [b"%d lines, %d bytes\n" % (data.count(b"\n"), len(data)) for data in inputs]

for data, answer in zip(inputs, answers):
    filtered = subprocess.run([program, "filter"], input=data, capture_output=True, check=True)
    assert filtered.stdout == answer, f"the filter says {filtered.stdout!r}, not {answer!r}"
for mode in "thread", "fork":
    server = Server(mode, [program, mode, "127.0.0.1:0"], logs=True)
    try:
        for data, answer in zip(inputs, answers):
            heard = Client(server.port, split(data, rng)).talk()
            assert heard == answer, f"mode {mode} says {heard!r}, not {answer!r}"
    finally:
        server.end()
