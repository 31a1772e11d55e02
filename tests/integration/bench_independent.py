#!/usr/bin/env python3
"""bench_independent.py THRD FAULTY_SERVER - the load generator against one that shares no code with it.

redis-benchmark (Salvatore Sanfilippo and others; Debian: redis-tools) sends the 14 bytes of a PING
and takes the same 14 bytes from an echo server for a valid reply; with "-k 0" it makes a connection
for each. It and `thrd bench --target` take turns on one server, five times. The medians of their
exchanges a second and of their median latencies may differ by 10 %.

What is compared is what both say of a server, so the server has to be what takes the time: an
exchange costs redis-benchmark twice as much CPU as ours, and where the clients are the bottleneck
each tells its own speed. So rr goes to a server that works 50 us for each reply, and crr, where
this build has it, to our own in mode fork.

Exit status: 0 they agree, 1 they do not, 77 redis-benchmark is not installed."""

import json
import shutil
import socket
import statistics
import subprocess
import sys
import time

ROUNDS = 5
ALLOWED = 0.10
CLIENTS = 8
SIZE = 14  # bytes of "*1\r\n$4\r\nPING\r\n"


def start_ours(program):
    """None where this build has no mode fork."""
    server = subprocess.Popen(
        [program, "--mode=fork", "--listen=127.0.0.1:0", "--log=error"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    ready = server.stdout.readline()
    if not ready:
        server.wait()
        return None
    return server, ready.split("listen=")[1].split()[0].split(":")[1]


def start_slow(program):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    server = subprocess.Popen([program, port, "slow"])
    for _ in range(2000):
        try:
            socket.create_connection(("127.0.0.1", int(port))).close()
            return server, port
        except ConnectionRefusedError:
            time.sleep(0.005)
    server.kill()
    sys.exit("the slow server does not listen")


def ask_redis(port, reconnect):
    """Exchanges a second, and the median latency in microseconds."""
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", port, "-c", str(CLIENTS)]
    command += ["-n", "5000" if reconnect else "15000", "-k", "0" if reconnect else "1"]
    command += ["-t", "ping_mbulk", "--csv"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    fields = [field.strip('"') for field in text.splitlines()[-1].split(",")]
    return float(fields[1]), float(fields[4]) * 1000


def ask_thrd(program, port, reconnect):
    command = [program, "bench", f"--target=it=127.0.0.1:{port}", "--modes=none"]
    command += [f"--workload={'crr' if reconnect else 'rr'}", f"--connections={CLIENTS}"]
    command += [f"--size={SIZE}", "--rounds=1", "--duration=1s", "--json"]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    figures = json.loads(run.stdout)["cells"][0]["figures"]
    return [figures[name]["median"] for name in ("operations_per_second", "latency_p50_us")]


def compare(program, port, reconnect):
    pairs = [(ask_thrd(program, port, reconnect), ask_redis(port, reconnect)) for _ in range(ROUNDS)]
    agreed = True
    for index, what in ((0, "exchanges/s"), (1, "us, median latency")):
        ours = statistics.median(pair[0][index] for pair in pairs)
        theirs = statistics.median(pair[1][index] for pair in pairs)
        ratio = ours / theirs
        agreed = agreed and abs(ratio - 1) <= ALLOWED
        print(
            f"{'crr' if reconnect else 'rr'}: thrd bench {ours:.0f}, redis-benchmark "
            f"{theirs:.0f} {what}, ratio {ratio:.3f}"
        )
    return agreed


def main():
    program, slow_program = sys.argv[1:3]
    if not shutil.which("redis-benchmark"):
        print("skipped: redis-benchmark is not installed (Debian: redis-tools)")
        return 77
    slow, port = start_slow(slow_program)
    ours = start_ours(program)
    try:
        agreed = [compare(program, port, False)]
        agreed.append(compare(program, ours[1] if ours else port, True))
    finally:
        for server in [slow] + ([ours[0]] if ours else []):
            server.terminate()
            server.wait()
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
