#!/usr/bin/env python3
"""bench_independent.py THRD FAULTY_SERVER - the load generator against one that shares no code with it.

redis-benchmark (Salvatore Sanfilippo and others; Debian: redis-tools) sends the 14 bytes of a PING
and takes the same 14 bytes from an echo server for a valid reply; with "-k 0" it makes a connection
for each. It and `thrd bench --target` take turns on one server, and which of them is first changes from
round to round. Each round has a ratio of the exchanges a second and one of the median latencies; the
medians of these ratios may be 10 % from 1, those of connections 15 %. There are three rounds, up to nine where they do not
agree, because others may slow down one and not the other for a while. Where others have the processors
all the time, 30 % is allowed.

What is compared is what both say of a server, so the server has to be what takes the time: an
exchange costs redis-benchmark twice as much CPU as ours, and where the clients are the bottleneck
each tells its own speed. So rr goes to a server that works 50 us for each reply, and crr to our own
in mode fork.

Exit status: 0 they agree, 1 they do not, 77 redis-benchmark is not installed."""

import json
import shutil
import socket
import statistics
import subprocess
import sys
import time

ROUNDS_AT_LEAST = 3
ROUNDS_AT_MOST = 9
ALLOWED = {"rr": 0.10, "crr": 0.15}  # a connect and a close depend on who else is running
ALLOWED_WHEN_BUSY = 0.30
CLIENTS = 8
SIZE = 14  # bytes of "*1\r\n$4\r\nPING\r\n"


def start_ours(program):
    server = subprocess.Popen(
        [program, "--mode=fork", "--listen=127.0.0.1:0", "--log=error"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return server, server.stdout.readline().split("listen=")[1].split()[0].split(":")[1]


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
    command += ["-n", "3000" if reconnect else "8000", "-k", "0" if reconnect else "1"]
    command += ["-t", "ping_mbulk", "--csv"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    fields = [field.strip('"') for field in text.splitlines()[-1].split(",")]
    return float(fields[1]), float(fields[4]) * 1000


def ask_thrd(program, port, reconnect):
    command = [program, "bench", f"--target=it=127.0.0.1:{port}", "--modes=none"]
    command += [f"--workload={'crr' if reconnect else 'rr'}", f"--connections={CLIENTS}"]
    command += [f"--size={SIZE}", "--rounds=1", "--duration=500ms", "--json"]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    figures = json.loads(run.stdout)["cells"][0]["figures"]
    return [figures[name]["median"] for name in ("operations_per_second", "latency_p50_us")]


def measure_round(program, port, reconnect, ours_first):
    """Ours to theirs: exchanges a second, and the median latency."""
    if ours_first:
        ours, theirs = ask_thrd(program, port, reconnect), ask_redis(port, reconnect)
    else:
        theirs, ours = ask_redis(port, reconnect), ask_thrd(program, port, reconnect)
    return [a / b for a, b in zip(ours, theirs)]


def count_others():
    """How many threads of others run or want to, while ours all wait."""
    samples = []
    for _ in range(20):
        time.sleep(0.005)
        with open("/proc/loadavg", encoding="ascii") as loadavg:
            samples.append(int(loadavg.read().split()[3].split("/")[0]) - 1)
    return statistics.mean(samples)


def compare(program, port, reconnect):
    workload = "crr" if reconnect else "rr"
    rounds = []
    others = []
    agreed = False
    while not agreed and len(rounds) < ROUNDS_AT_MOST:
        others.append(count_others())
        rounds.append(measure_round(program, port, reconnect, len(rounds) % 2 == 0))
        ratios = [statistics.median(each) for each in zip(*rounds)]
        allowed = ALLOWED_WHEN_BUSY if statistics.median(others) > 0.5 else ALLOWED[workload]
        agreed = len(rounds) >= ROUNDS_AT_LEAST and all(abs(ratio - 1) <= allowed for ratio in ratios)
    print(
        f"{workload}: thrd bench to redis-benchmark: exchanges/s {ratios[0]:.3f}, "
        f"median latency {ratios[1]:.3f}; {len(rounds)} rounds, {statistics.median(others):.1f} threads "
        f"of others, {allowed:.0%} allowed"
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
        agreed.append(compare(program, ours[1], True))
    finally:
        for server in (slow, ours[0]):
            server.terminate()
            server.wait()
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
