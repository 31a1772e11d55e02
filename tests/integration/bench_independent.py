#!/usr/bin/env python3
"""independent.py THRD - the load generator against one that shares no code with it.

redis-benchmark (Salvatore Sanfilippo and others; Debian: redis-tools) sends the 14 bytes of a PING
and takes the same 14 bytes from an echo server for a valid reply; with "-k 0" it makes a connection
for each. It and `thrd bench --target` take turns on one server, five times; the medians of their
exchanges a second may differ by 10 %. One connection at a time: then a round trip is what both
measure, and neither's own CPU time competes with the server's for more than its share.

Exit status: 0 they agree, 1 they do not, 77 redis-benchmark is not installed."""

import json
import shutil
import statistics
import subprocess
import sys

ROUNDS = 5
ALLOWED = 0.10
SIZE = 14  # bytes of "*1\r\n$4\r\nPING\r\n"


def start_server(program):
    server = subprocess.Popen(
        [program, "--listen=127.0.0.1:0", "--log=error"], stdout=subprocess.PIPE, text=True
    )
    ready = server.stdout.readline()
    return server, ready.split("listen=")[1].split()[0]


def ask_redis(address, reconnect):
    host, port = address.split(":")
    count = 6000 if reconnect else 30000
    command = ["redis-benchmark", "-h", host, "-p", port, "-c", "1", "-n", str(count)]
    command += ["-k", "0" if reconnect else "1", "-t", "ping_mbulk", "--csv"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return float(text.splitlines()[-1].split(",")[1].strip('"'))


def ask_thrd(program, address, reconnect):
    command = [program, "bench", f"--target=it={address}", "--modes=none", "--connections=1"]
    command += [f"--workload={'crr' if reconnect else 'rr'}", f"--size={SIZE}", "--rounds=1"]
    command += ["--duration=1s", "--json"]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    figures = json.loads(run.stdout)["cells"][0]["figures"]
    return figures["operations_per_second"]["median"]


def compare(program, address, reconnect):
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(ask_thrd(program, address, reconnect))
        theirs.append(ask_redis(address, reconnect))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"{'crr' if reconnect else 'rr'}: thrd bench {statistics.median(ours):.0f}/s, "
        f"redis-benchmark {statistics.median(theirs):.0f}/s, ratio {ratio:.3f}"
    )
    return abs(ratio - 1) <= ALLOWED


def main():
    program = sys.argv[1]
    if not shutil.which("redis-benchmark"):
        print("skipped: redis-benchmark is not installed (Debian: redis-tools)")
        return 77
    server, address = start_server(program)
    try:
        agreed = [compare(program, address, reconnect) for reconnect in (False, True)]
    finally:
        server.terminate()
        server.wait()
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
