#!/usr/bin/env python3
"""same_bytes.py SEED THRD LIBEVENT LIBUV - one handler, three servers, the same bytes.

Runs each handler in the program thrd and in the examples on libevent and libuv, sends all three
the same input in the same pieces, and compares what comes back with what should.
"""

import random
import re
import selectors
import socket
import subprocess
import sys

PATIENCE = 30  # seconds without any progress
MIB = 1 << 20

ROT13 = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    b"NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm",
)
BYTES_ERROR = b"error: expected a number from 0 to 2147483647 and a newline\r\n"


class Server:
    """A server as a child process, known by the port that it prints, or that its log tells."""

    def __init__(self, name, command, logs=False):
        self.name = name
        self.process = subprocess.Popen(
            command, stdout=None if logs else subprocess.PIPE,
            stderr=subprocess.PIPE if logs else None)
        self.says = self.process.stderr if logs else self.process.stdout
        line = self.says.readline().decode()
        match = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert match, f"{name} says {line!r}, not where it listens"
        self.port = int(match[1])

    def peak_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])

    def end(self):
        alive = self.process.poll() is None
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.says.close()
        assert alive, f"{self.name} has ended by itself: {self.process.returncode}"


class Client:
    """Sends pieces and collects what comes, at the same time."""

    def __init__(self, port, pieces, ends=True, wanted=None, bite=65536):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.pieces = [memoryview(piece) for piece in pieces if piece]
        self.ends = ends  # its side, behind the last piece
        self.wanted = wanted  # bytes to receive, then leave; None: up to the end of input
        self.bite = bite
        self.heard = bytearray()

    def send(self):
        if self.pieces:
            count = self.socket.send(self.pieces[0])
            self.pieces[0] = self.pieces[0][count:]
            if not self.pieces[0]:
                del self.pieces[0]
        elif self.ends:
            self.ends = False
            self.socket.shutdown(socket.SHUT_WR)

    def receive(self):
        """False at the end."""
        data = self.socket.recv(self.bite)
        self.heard += data
        return data and (self.wanted is None or len(self.heard) < self.wanted)

    def send_until_stuck(self, seconds):
        """Without receiving; until the server has taken nothing for so long."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_WRITE)
            while self.pieces and selector.select(seconds):
                self.send()
        return bool(self.pieces)

    def talk(self):
        """Returns all that was heard."""
        with selectors.DefaultSelector() as selector, self.socket:
            selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while True:
                if not (self.pieces or self.ends):
                    selector.modify(self.socket, selectors.EVENT_READ)
                ready = selector.select(PATIENCE)
                assert ready, f"stuck: {len(self.pieces)} pieces to send, heard {len(self.heard)}"
                if ready[0][1] & selectors.EVENT_READ and not self.receive():
                    return bytes(self.heard[: self.wanted])
                if ready[0][1] & selectors.EVENT_WRITE:
                    self.send()


def split(data, rng):
    """Pieces of very different sizes, the same for every server."""
    pieces, at = [], 0
    while at < len(data):
        size = rng.choice([1, 2, 7, 100, 1460, 16383, 16384, 16385, 70000])
        size = rng.randint(1, size)
        pieces.append(data[at : at + size])
        at += size
    return pieces


def numbered(count):
    return (bytes(range(97, 123)) * (count // 26 + 1))[:count]


def inputs(rng):
    """For each handler: name of the case, input, what is to come back; None: what comes from
    thrd."""
    everything = rng.randbytes(MIB)
    long_lines = b"".join(rng.randbytes(n).replace(b"\n", b"n") + b"\n" for n in
                          (0, 1, 16382, 16383, 16384, 16385, 32768, 100000, 300000))
    texts = {
        "random bytes": everything,
        "long lines": long_lines,
        "a line without end": b"A" * 50000 + b"z",
        "no newline at the end": b"Hello\r\n\n\nWorld",
        "one newline": b"\n",
        "nothing": b"",
    }
    for name, text in texts.items():
        yield "rot13", name, text, text.translate(ROT13)
        yield "echo", name, text, text
    counts = [0, 1, 25, 26, 27, 16384, 16385, 3 * MIB, 5]
    requests = b"".join(b"%d\n" % n for n in counts)
    answers = b"".join(numbered(n) for n in counts)
    yield "bytes", "requests", requests, answers
    yield "bytes", "a bad request", requests + b"x", answers + BYTES_ERROR
    yield "bytes", "the end within a request", b"7\r\n12", numbered(7) + BYTES_ERROR
    # What follows the bad byte is not read by the handler, and must not cost the error line.
    yield "bytes", "a bad request before much more", b"7\nbad" + everything, (
        numbered(7) + BYTES_ERROR)


def must_be_same(server, case, heard, expected):
    if heard == expected:
        return
    at = next((i for i, (a, b) in enumerate(zip(heard, expected)) if a != b),
              min(len(heard), len(expected)))
    sys.exit(f"FAILED: {server.name}, {case}: {len(heard)} bytes instead of {len(expected)}, "
             f"different from byte {at} on")


def compare(servers, cases, rng):
    for name, data, expected in cases:
        pieces = split(data, rng)
        for server in servers:
            for bite in (65536, 999):
                heard = Client(server.port, pieces, bite=bite).talk()
                must_be_same(server, name, heard, expected)


def compare_without_end(servers, rng):
    """The client leaves when it has heard all, without having ended its side."""
    text = b"".join(b"line %d\n" % i for i in range(10000))
    pieces = split(text, rng)
    for server in servers:
        heard = Client(server.port, pieces, ends=False, wanted=len(text)).talk()
        must_be_same(server, "no end of input", heard, text.translate(ROT13))


def compare_chargen(servers):
    """It never ends by itself, so the client does; what it says meanwhile is thrown away."""
    first = Client(servers[0].port, [], ends=False, wanted=MIB).talk()
    for server in servers:
        for ends in (False, True):
            heard = Client(server.port, [b"ignored"], ends=ends, wanted=MIB, bite=4000).talk()
            must_be_same(server, "chargen", heard, first)


def must_push_back(servers):
    """A client that does not receive is not read from for ever, and its data are not hoarded."""
    piece = bytes(range(256)) * 1024
    pieces = [piece] * (256 * MIB // len(piece))
    for server in servers:
        before = server.peak_kib()
        client = Client(server.port, pieces)
        assert client.send_until_stuck(0.5), f"{server.name} takes all and gives nothing"
        rest = sum(len(piece) for piece in client.pieces)
        sent = 256 * MIB - rest
        more = -sent % len(piece)  # finish the piece, and no more
        client.pieces = [client.pieces[0]] if more else []
        must_be_same(server, "back-pressure", client.talk(), piece * ((sent + more) // len(piece)))
        grown = server.peak_kib() - before
        print(f"{server.name}: took {sent // 1024} KiB (the kernel's buffers), grew by {grown} KiB")
        assert grown < 16384, f"{server.name} hoards"


def with_servers(programs, handler, action):
    thrd, libevent, libuv = programs
    servers = []
    try:
        listen = ["--listen=127.0.0.1:0", "--log=error"]
        servers.append(Server("thread", [thrd, *listen, f"--handler={handler}"]))
        servers.append(Server("fork", [thrd, *listen, f"--handler={handler}", "--mode=fork"]))
        servers.append(Server("libevent", [libevent, "0", handler]))
        servers.append(Server("libuv", [libuv, "0", handler]))
        action(servers)
    finally:
        for server in servers:
            server.end()


def main():
    seed, programs = int(sys.argv[1]), sys.argv[2:]
    rng = random.Random(seed)
    cases = {}
    for handler, *case in inputs(rng):
        cases.setdefault(handler, []).append(case)
    for handler, some in cases.items():
        with_servers(programs, handler, lambda servers: compare(servers, some, rng))
        print(f"{handler}: {len(some)} inputs")
    with_servers(programs, "rot13", lambda servers: compare_without_end(servers, rng))
    with_servers(programs, "chargen", compare_chargen)
    with_servers(programs, "echo", lambda servers: must_push_back(servers[2:]))


if __name__ == "__main__":
    main()
