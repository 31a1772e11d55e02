#!/usr/bin/env python3
"""cluster.py CASE MODE THRD README - three nodes of thrd behind HAProxy, each with a network of its own, as the
README's chapter on more than one machine shows it; one of them goes, and the clients are asked.

CASE is killed, drained, cut_off or rolling. Exit status 77: it cannot be tried here, and why. The
environment is that of the integration tests: THRD, THRD_WRAPPER, THRD_TIMEOUT_FACTOR.

Some clients connect, exchange random bytes and leave, as fast as they can; others are held in the
middle of an exchange. What is promised to whom is in the functions named as the cases."""
import faulthandler
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the sources stay as they are
from machines import (CLIENT, FILES, LIMIT, SERVICE, Cluster, Failure, Impossible, events,
                      wait_for)

CLIENTS = 6
NEEDED = ["haproxy", "ip", "nsenter", "socat", "sysctl", "unshare"]
OWN = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def check(whether, text):
    if not whether:
        raise Failure(text)


class Exchange:
    """Random bytes to the service and back. Held: half of them, the rest when it is finished."""

    def __init__(self, size):
        self.data = random.randbytes(size)
        self.heard = b""
        self.began = time.monotonic()
        self.socket = socket.create_connection(SERVICE, timeout=LIMIT)
        self.port = self.socket.getsockname()[1]

    def say(self, begin, end):
        self.socket.sendall(self.data[begin:end])

    def hear(self, size):
        """So many bytes, or all up to the end of the connection."""
        while len(self.heard) < size:
            data = self.socket.recv(65536)
            if not data:
                break
            self.heard += data

    def hold(self):
        half = len(self.data) // 2
        self.say(0, half)
        self.hear(half)
        check(self.heard == self.data[:half], "a held exchange did not even begin")

    def finish(self, said=0):
        """Nothing, or what was wrong."""
        try:
            with self.socket:
                self.say(said, len(self.data))
                self.socket.shutdown(socket.SHUT_WR)
                self.hear(len(self.data) + 1)
        except OSError as error:
            return repr(error)
        if self.heard == self.data:
            return None
        return f"{len(self.heard)} bytes of {len(self.data)}" + (
            "" if self.data.startswith(self.heard) else ", and wrong ones")

    def finish_held(self):
        return self.finish(len(self.data) // 2)


class Load:
    """Clients that come and go until it ends. Whoever is not answered whole is in failed."""

    def __init__(self):
        self.whole, self.longest, self.failed, self.stopped = 0, 0.0, [], False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        self.more(100)

    def _run(self):
        while not self.stopped:
            began, port, wrong = time.monotonic(), None, None
            try:
                exchange = Exchange(random.choice([1, 64, 1000, 40000]))
                port, wrong = exchange.port, exchange.finish()
            except OSError as error:
                wrong = repr(error)
            with self.lock:
                if wrong:
                    self.failed.append((began, port, wrong))
                else:
                    self.whole += 1
                    self.longest = max(self.longest, time.monotonic() - began)

    def more(self, number):
        """Until so many more have been answered."""
        goal = self.whole + number
        wait_for(f"{number} exchanges more", lambda: self.whole >= goal)

    def end(self):
        self.stopped = True
        for thread in self.threads:
            thread.join(LIMIT)
            check(not thread.is_alive(), "a client hangs")
        print(f"{self.whole} exchanges, {len(self.failed)} failed, the longest took {self.longest:.3f} s")

    def none_failed(self):
        check(not self.failed, f"{len(self.failed)} exchanges failed, such as {self.failed[:3]}")

    def only_failed(self, cluster, node, moment):
        """No exchange failed but those that were in flight on the node at the moment."""
        others = [other for other in cluster.nodes if other is not node]
        for began, port, wrong in self.failed:
            check(began < moment, f"an exchange failed {began - moment:.3f} s later: {wrong}")
            check(not any(served(other, port) for other in others),
                  f"an exchange failed on another node: {wrong}")
        check(len(self.failed) <= CLIENTS, f"{len(self.failed)} failed, of {CLIENTS} at once")


def served(node, port):
    return node.count(rf"msg=begin .* peer={CLIENT}:{port} ")


def begun(node):
    """How many of the clients it has begun to serve, without HAProxy's own looks."""
    return node.count(rf"msg=begin .* peer={CLIENT}:")


def hold(cluster):
    """Two exchanges and more on each node, by the node's name."""
    held = {node.name: [] for node in cluster.nodes}
    while min(len(of_node) for of_node in held.values()) < 2:
        exchange = Exchange(10000)
        exchange.hold()
        node = wait_for("a node that serves the client", lambda: next(
            (node for node in cluster.nodes if served(node, exchange.port)), None))
        held[node.name].append(exchange)
        check(sum(map(len, held.values())) < 30, "the connections are not spread")
    return held


def finish(exchanges):
    for exchange in exchanges:
        wrong = exchange.finish_held()
        check(not wrong, f"an exchange that was held is not whole: {wrong}")


def told(exchanges):
    """The clients are told, and need not find out."""
    for exchange in exchanges:
        try:
            check(exchange.socket.recv(1) == b"", "bytes that nobody asked for")
        except ConnectionResetError:
            pass
        except TimeoutError as error:
            raise Failure("a client in flight is left to wait") from error


def comes_back(cluster, node, load, before):
    moment = time.monotonic()
    cluster.wait_status(node, "UP")
    wait_for(f"clients on {node.name}", lambda: begun(node) > before)
    print(f"clients were brought to {node.name} {time.monotonic() - moment:.3f} s later")
    load.more(100)


def finish_others(held, node):
    for name, exchanges in held.items():
        if name != node.name:
            finish(exchanges)


def killed(cluster):
    """A node dies: who is in flight on it is told so, and nobody else notices."""
    node, held, load = cluster.nodes[0], hold(cluster), Load()
    node.kill()
    moment = time.monotonic()
    told(held[node.name])
    print(f"the clients in flight knew {time.monotonic() - moment:.3f} s later")
    cluster.wait_status(node, "DOWN")
    print(f"HAProxy knew {time.monotonic() - moment:.3f} s later")
    before = begun(node)
    node.start()
    comes_back(cluster, node, load, before)
    load.end()
    load.only_failed(cluster, node, moment)
    check(cluster.server(node)["wredis"] != "0", "nobody was refused by it and brought to another")
    check(load.failed, "nobody was in flight on the node, so nothing was tried")
    finish_others(held, node)


def drained(cluster):
    """A node stops as it should: no client notices, not even those in its backlog. Who is in the middle
    of an exchange ends it, also long after HAProxy has seen that the node takes nobody."""
    node, held, load = cluster.nodes[0], hold(cluster), Load()
    node.signal_when_awaited(signal.SIGTERM)
    node.wait_log("msg=quiesce")
    cluster.wait_status(node, "DOWN")
    load.more(100)
    finish(held[node.name])
    node.wait_drained(node.pid)
    node.wait_log(r"msg=stop drained=\d+ cut=0$")
    before = begun(node)
    node.start()
    comes_back(cluster, node, load, before)
    taken_out(cluster, cluster.nodes[1], load)
    load.end()
    load.none_failed()
    finish_others(held, node)


def taken_out(cluster, node, load):
    """HAProxy is told to bring nobody more, and the node knows nothing of it."""
    cluster.ask(f"set server echo/{node.name} state drain")
    load.more(5 * CLIENTS)
    before = begun(node)
    load.more(100)
    check(begun(node) == before, "clients are brought to a node that was taken out")
    cluster.ask(f"set server echo/{node.name} state ready")
    comes_back(cluster, node, load, before)


def cut_off(cluster):
    """The network loses a node: those in flight on it are told, whether they wait or send, and it does
    not keep their slots."""
    node, held, load = cluster.nodes[0], hold(cluster), Load()
    cluster.cable(node, "down")
    moment = time.monotonic()
    held[node.name][0].say(5000, 10000)
    cluster.wait_status(node, "DOWN")
    print(f"HAProxy knew {time.monotonic() - moment:.3f} s later")
    told(held[node.name])
    print(f"the clients in flight knew {time.monotonic() - moment:.3f} s later")
    for exchange in held[node.name]:
        node.wait_log(rf"msg=end .* peer={CLIENT}:{exchange.port} .* end=reset ")
    print(f"the node knew {time.monotonic() - moment:.3f} s later")
    before = begun(node)
    cluster.cable(node, "up")
    comes_back(cluster, node, load, before)
    load.end()
    load.only_failed(cluster, node, moment)
    finish_others(held, node)


def rolling(cluster):
    """All nodes are replaced while they serve, in both ways, and no client notices."""
    held, load = hold(cluster), Load()
    old = {node: restart_in_place(node, load) for node in cluster.nodes}
    for node in cluster.nodes:
        finish(held[node.name])
        node.wait_drained(old[node])
    for node in 2 * cluster.nodes:
        node.wait_drained(restart_in_place(node, load))
    load.none_failed()
    print(f"{load.whole} exchanges up to the ninth SIGUSR2")
    follow_the_readme(cluster, load)
    load.end()
    load.none_failed()


def restart_in_place(node, load):
    """The process that was there before, and has still to end."""
    old = node.pid
    node.signal(signal.SIGUSR2)
    node.wait_ready()
    node.wait_log(f'msg="handed over" pid={node.pid}$')
    check(node.pid != old, "the same process")
    load.more(50)
    return old


def follow_the_readme(cluster, load):
    """Its loop, with an ssh that asks us."""
    asked, answered, ssh = (f"{FILES}/{name}" for name in ("asked", "answered", "ssh"))
    for fifo in (asked, answered):
        os.mkfifo(fifo)
    with open(ssh, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\necho "$*" >{asked}\nread -r _ <{answered}\n')
    os.chmod(ssh, 0o755)
    loop = subprocess.Popen(["sh", "-ec", cluster.readme.rolling],
                            env={"PATH": f"{FILES}:{os.environ['PATH']}"})
    for node in cluster.nodes:
        with open(asked, encoding="ascii") as file:
            command = file.read().strip()
        check(command == f"{node.name} systemctl restart thrd", f"the README says: {command}")
        restart(node, load)
        with open(answered, "w", encoding="ascii") as file:
            file.write("done\n")
    check(loop.wait(LIMIT) == 0, "the README's loop failed")


def restart(node, load):
    """As systemd does it, and at the worst moment."""
    old = node.pid
    node.signal_when_awaited(signal.SIGTERM)
    node.wait_drained(old)
    load.more(50)
    node.start()
    check(node.pid != old, "the same process")


CASES = {case.__name__: case for case in (killed, drained, cut_off, rolling)}


def enter():
    """Runs this again as the first process of namespaces, with which all goes that it starts."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        sys.exit(77)
    tried = subprocess.run([*OWN, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        print(f"skipped: namespaces of its own need root (CAP_SYS_ADMIN): {tried.stderr.strip()}")
        sys.exit(77)
    os.execvp(OWN[0], [*OWN, sys.executable, *sys.argv, "inside"])


def main():
    if sys.argv[-1] != "inside":
        enter()
    case, mode, thrd, readme = sys.argv[1:5]
    faulthandler.dump_traceback_later(6 * LIMIT, exit=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    try:
        cluster = Cluster(os.environ.get("THRD", thrd), mode, readme)
        CASES[case](cluster)
        cluster.stop()
    except Impossible as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    except (Failure, OSError) as failure:
        print(f"FAILED: {failure}")
        events()
        sys.exit(1)
    print(f"ok: {case}, mode {mode}")


main()
