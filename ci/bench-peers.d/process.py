"""process.py THRD RESULT.json - what the program costs before and beside its work.

Start: from just before execve(2) to the ready line, with default options but for the port. Idle: the
voluntary context switches of all tasks and children of a server in 5 s, in which nothing happens; one
client has come and gone, and its worker too. Size: of a copy without symbols."""
import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

STARTS = 50
IDLE_S = 5
PATIENCE_S = 60


def start(thrd, mode):
    """Returns the process, the file of its stdout, its ready line, and how long that took."""
    told, tells = os.pipe()
    ready, stdout = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(stdout, 1)
        command = [thrd, "--log=error", "--listen=localhost:0", "--mode=" + mode]
        os.write(tells, struct.pack("q", time.monotonic_ns()))
        os.execv(thrd, command)
    os.close(tells)
    os.close(stdout)
    lines = os.fdopen(ready)
    line = lines.readline()
    now = time.monotonic_ns()
    begun, = struct.unpack("q", os.read(told, 8))
    os.close(told)
    if not line.startswith("ready "):
        end(pid, lines)
        sys.exit(f"thrd --mode={mode} said {line!r} instead of its ready line")
    return pid, lines, line, (now - begun) / 1e6


def end(pid, lines):
    """Where something has failed: no server is left behind."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    lines.close()


def stop(pid, lines):
    os.kill(pid, signal.SIGTERM)
    status = os.waitpid(pid, 0)[1]
    lines.close()
    if status != 0:
        sys.exit(f"thrd ended with wait status {status}")


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("PPid:"))
    except FileNotFoundError:
        return 0


def tasks_of(pid):
    """The directories in /proc of its threads and of its children, which have no children."""
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
    family = [pid] + [int(name) for name in processes if parent_of(name) == pid]
    return [task for process in family for task in sorted(glob.glob(f"/proc/{process}/task/*"))]


def switches(tasks):
    total = 0
    for task in tasks:
        with open(task + "/status") as file:
            total += sum(int(line.split()[1]) for line in file
                         if line.startswith("voluntary_ctxt_switches"))
    return total


def serve_one(line):
    host, port = line.split("listen=")[1].split()[0].rsplit(":", 1)
    with socket.create_connection((host.strip("[]"), int(port))) as client:
        client.sendall(b"x")
        if client.recv(1) != b"x":
            sys.exit("thrd did not echo")


def count_wake_ups(pid, line, mode):
    """Within IDLE_S, when its last client has gone."""
    serve_one(line)
    limit = time.monotonic() + PATIENCE_S
    while len(tasks_of(pid)) > 1:
        if time.monotonic() > limit:
            sys.exit(f"thrd --mode={mode} has more than one task a minute after its last client")
        time.sleep(0.2)
    time.sleep(1)
    tasks = tasks_of(pid)
    before = switches(tasks)
    time.sleep(IDLE_S)
    if tasks_of(pid) != tasks:
        sys.exit(f"thrd --mode={mode} has started a task, and nobody came")
    return switches(tasks) - before


def wake_ups(thrd, mode):
    pid, lines, line, _ = start(thrd, mode)
    try:
        count = count_wake_ups(pid, line, mode)
    except BaseException:
        end(pid, lines)
        raise
    stop(pid, lines)
    return count / IDLE_S


def start_times(thrd, mode):
    times = []
    for _ in range(STARTS):
        pid, lines, _, ms = start(thrd, mode)
        times.append(ms)
        stop(pid, lines)
    return times


def stripped_size(thrd):
    with tempfile.TemporaryDirectory() as directory:
        copy = shutil.copy(thrd, directory)
        subprocess.run(["strip", copy], check=True)
        return os.path.getsize(copy)


def main():
    thrd, result = sys.argv[1:]
    figures = {"stripped_bytes": {"rounds": [stripped_size(thrd)]}}
    for mode in "thread", "fork":
        figures["start_ms_" + mode] = {"rounds": start_times(thrd, mode)}
        figures["wake_ups_per_second_" + mode] = {"rounds": [wake_ups(thrd, mode)]}
    with open(result, "w") as file:
        json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
