#!/usr/bin/env python3
"""balancer.py PORT SOCKET SAID EXPECTED LOG - talks to thrd through HAProxy, which says by a PROXY
header who its client is, in each of the forms that it knows; and asks by itself whether thrd lives.

PORT of 127.0.0.1 and SOCKET are thrd's. What is said and heard is in SAID and EXPECTED; LOG is
thrd's, which must name the client and the address that it connected to. LIMIT in the environment:
how many seconds all may take. HAProxy's files are beside LOG."""
import os
import re
import signal
import socket
import subprocess
import sys
import time

port, path, said, expected, log = sys.argv[1:]
limit = time.monotonic() + float(os.environ.get("LIMIT", "20"))
folder = os.path.dirname(log)

FORMS = [
    f"127.0.0.1:{port} send-proxy",
    f"127.0.0.1:{port} send-proxy-v2",
    f"127.0.0.1:{port} send-proxy-v2 proxy-v2-options unique-id,crc32c,authority",
    f"unix@{path} send-proxy",
    f"unix@{path} send-proxy-v2",
]


def fail(text):
    sys.exit(f"FAILED: {text}")


def read(name):
    with open(name, "rb") as file:
        return file.read()


def wait_log(pattern):
    """A line of thrd's log that matches."""
    while time.monotonic() < limit:
        found = re.search(pattern, read(log).decode(), re.MULTILINE)
        if found:
            return found.group(0)
        time.sleep(0.01)
    return fail(f"no line in the log with {pattern}")


def listen(family, source):
    """HAProxy gets it as a descriptor, so that no port has to be guessed."""
    listener = socket.socket(family)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(source)
    listener.listen()
    listener.set_inheritable(True)
    return listener


def listeners():
    yield socket.AF_INET, listen(socket.AF_INET, ("127.0.0.1", 0)), "127.0.0.5"
    try:
        yield socket.AF_INET6, listen(socket.AF_INET6, ("::1", 0)), "::1"
    except OSError:
        print("there is no IPv6 here")


def configuration(fronts):
    text = "defaults\n mode tcp\n timeout connect 1m\n timeout client 1m\n timeout server 1m\n"
    text += " unique-id-format %ci_%cp\n"
    for number, (listener, form) in enumerate(fronts):
        text += f"listen front{number}\n bind fd@{listener.fileno()}\n server thrd {form}\n"
    text += f"listen local\n bind unix@{folder}/front\n server thrd 127.0.0.1:{port} send-proxy-v2\n"
    return text + f"backend asks\n server thrd 127.0.0.1:{port} send-proxy-v2 check inter 50ms\n"


def talk(client):
    client.settimeout(max(limit - time.monotonic(), 0.1))
    client.sendall(read(said))
    client.shutdown(socket.SHUT_WR)
    heard = b""
    while data := client.recv(65536):
        heard += data
    client.close()
    if heard != read(expected):
        fail("other bytes")


def text_of(name):
    return re.escape(f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}")


def talk_everywhere(fronts):
    for family, listener, source, form in fronts:
        client = socket.socket(family)
        client.bind((source, 0))
        client.connect(listener.getsockname())
        peer, local = text_of(client.getsockname()), text_of(client.getpeername())
        talk(client)
        balancer = r'"unix:pid=.*"' if form.startswith("unix") else r"127\.0\.0\.1:\d+"
        wait_log(rf"msg=end .* peer={peer} local={local} .* end=eof .* proxy={balancer}$")
        print(f"ok: {source}, {form}")


def talk_locally():
    """A client without an address: the balancer's is kept."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(f"{folder}/front")
    talk(client)
    size = len(read(said))
    wait_log(rf"msg=end .* peer=127\.0\.0\.1:\d+ .* in={size} .* ivcsw=\d+$")  # and no proxy=
    print("ok: a client without an address")


def main():
    fronts = [(*listener, form) for form in FORMS for listener in listeners()]
    config = f"{folder}/haproxy.cfg"
    with open(config, "w", encoding="ascii") as file:
        file.write(configuration([(front[1], front[3]) for front in fronts]))
    descriptors = [front[1].fileno() for front in fronts]
    with open(f"{folder}/haproxy.log", "wb") as output:
        balancer = subprocess.Popen(["haproxy", "-db", "-f", config], pass_fds=descriptors,
                                    stdout=output, stderr=output)
    try:
        talk_everywhere(fronts)
        wait_log(r"msg=end .* peer=127\.0\.0\.1:\d+ .* in=0 out=0 [^\n]* ivcsw=\d+$")
        print("ok: asks whether we live")
        talk_locally()
    finally:
        balancer.send_signal(signal.SIGTERM)
        balancer.wait()


main()
