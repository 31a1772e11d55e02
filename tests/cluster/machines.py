"""The machines of cluster.py: network namespaces, HAProxy in one, a node of thrd in each of three others,
with the configuration that the README shows. It makes no connection to the service, and judges nothing.

The caller is the first process of a process namespace and in a mount namespace of its own, so that
all that is started and written here goes with it; and in the namespace of the network where the
clients are."""
import csv
import ctypes
import glob
import os
import re
import shlex
import signal
import socket
import subprocess
import time

SERVICE = ("192.0.2.1", 7)
CLIENT = "192.0.2.2"
FILES = "/run/haproxy"  # on a tmpfs of ours
CONTROL = f"{FILES}/admin.sock"
LIMIT = 20 * float(os.environ.get("THRD_TIMEOUT_FACTOR", "1"))
CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """What was expected has not come about."""


class Impossible(Exception):
    """This machine, or what we may do on it, is not enough for a test."""


def wait_for(what, look):
    """What look() says, as soon as that is something."""
    end = time.monotonic() + LIMIT
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"waited in vain for {what}")
        time.sleep(0.01)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Readme:
    """The chapter on more than one machine, and what it says that one should write where."""

    def __init__(self, path):
        self.chapter = self._one("chapter", r"^## More than one machine\n(.*?)^## ", read(path))
        self.haproxy = self._one("haproxy.cfg", r"^```haproxy\n(.*?)^```$")
        self.options = shlex.split(self._one("options", r"^ +THRD_OPTIONS=(.*?)$"))
        self.sysctl = self._one("sysctl", r"'(net\.ipv4\.\S+ = \S+)'").replace(" ", "")
        self.rolling = self._one("loop", r"^( +for node in .*?\n +done)$")

    def _one(self, what, pattern, text=None):
        found = re.search(pattern, text or self.chapter, re.MULTILINE | re.DOTALL)
        if not found:
            raise Failure(f"the README shows no {what}: {pattern}")
        return found.group(1)


def namespace():
    """A new network, which lasts as long as its descriptor; the caller is in it then."""
    if libc.unshare(CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
    return f"/proc/{os.getpid()}/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}"


def inside(network, *command):
    return ["nsenter", f"--net={network}", *command]


def ip(network, *lines):
    subprocess.run(inside(network, "ip", "-batch", "-"), input="\n".join(lines), text=True, check=True)


def ip_if_possible(network, *lines):
    """Kernels without bridges or veth pairs there are."""
    try:
        ip(network, *lines)
    except subprocess.CalledProcessError as error:
        raise Impossible(f"no networks can be made here: ip {lines[1]}") from error


def ends_of(group):
    """Waits for all processes of a group, which are ours when their parents have ended."""
    while True:
        try:
            os.waitpid(-group, 0)
        except ChildProcessError:
            return


class Node:
    """One thrd, process after process. Its log is one file."""

    def __init__(self, name, network, command):
        self.name, self.network, self.command = name, network, command
        self.log, self.ready = f"{FILES}/{name}.log", f"{FILES}/{name}.ready"
        self.process, self.pid, self.starts = None, 0, 0

    def start(self):
        with open(self.log, "ab") as log, open(self.ready, "ab") as ready:
            # Kept, for what is forgotten is reaped by the next Popen(), and its status with it.
            self.process = subprocess.Popen(inside(self.network, *self.command), stdout=ready,
                                            stderr=log, start_new_session=True)
        self.wait_ready()

    def wait_ready(self):
        """There is one ready line more: another process serves."""
        self.starts += 1
        lines = wait_for(f"{self.name} to be ready", lambda: self._ready_lines(self.starts))
        self.pid = int(re.search(r" pid=(\d+)", lines[-1]).group(1))

    def _ready_lines(self, number):
        lines = re.findall(r"^ready .*\n", read(self.ready), re.MULTILINE)
        return lines if len(lines) == number else None

    def signal(self, number):
        os.kill(self.pid, number)

    def signal_when_awaited(self, number):
        """The worst moment: clients are in its backlog, with all that they have to say."""
        self.signal(signal.SIGSTOP)
        wait_for(f"clients in the backlog of {self.name}", lambda: self._backlog() >= 2)
        self.signal(number)
        self.signal(signal.SIGCONT)

    def _backlog(self):
        """proc(5): of a socket that listens (0A) the second queue counts connections."""
        rows = [row.split() for row in read(f"/proc/{self.pid}/net/tcp").splitlines()[1:]]
        return sum(int(row[4].split(":")[1], 16) for row in rows if row[3] == "0A")

    def kill(self):
        """Nothing of it is there any more when this returns."""
        group = os.getpgid(self.pid)
        self.signal_when_awaited(signal.SIGKILL)
        ends_of(group)

    def wait_end(self, pid):
        """Its status. The process may be the child of an older one that has yet to end."""
        def status():
            try:
                done, how = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                return None
            return [os.waitstatus_to_exitcode(how)] if done else None
        return wait_for(f"the end of {self.name}", status)[0]

    def wait_drained(self, pid):
        status = self.wait_end(pid)
        if status != 0:
            raise Failure(f"{self.name} was not drained, its exit status is {status}")

    def count(self, pattern):
        return len(re.findall(pattern, read(self.log), re.MULTILINE))

    def wait_log(self, pattern, number=1):
        """So many lines of its log match."""
        wait_for(f"{pattern} in the log of {self.name}", lambda: self.count(pattern) >= number)


class Cluster:
    """HAProxy in front of three nodes, all of them in service."""

    def __init__(self, thrd, mode, readme):
        self.readme = Readme(readme)
        self.haproxy = None
        os.mkdir(FILES, 0o755)
        self.front = namespace()
        command = shlex.split(os.environ.get("THRD_WRAPPER", "")) + [thrd, f"--mode={mode}"]
        command += self.readme.options + ["--log=debug"]
        self.nodes = [Node(name, namespace(), command) for name in ("one", "two", "three")]
        self._lay_cables(namespace())
        for node in self.nodes:
            node.start()
        self._start_haproxy()
        for node in self.nodes:
            self.wait_status(node, "UP")

    def stop(self):
        """All nodes end as they should, and have nothing to complain about."""
        for node in self.nodes:
            node.signal(signal.SIGTERM)
            node.wait_drained(node.pid)
            if node.count("level=error|Sanitizer|runtime error"):
                raise Failure(f"trouble in the log of {node.name}")

    def _lay_cables(self, outside):
        """Clients, the balancer, and a switch behind it for the nodes."""
        lines = ["link set lo up", "link add name switch type bridge",
                 "address add 10.0.0.1/24 dev switch", "link set switch up",
                 f"link add name outside type veth peer name eth0 netns {outside}",
                 f"address add {SERVICE[0]}/24 dev outside", "link set outside up"]
        for node in self.nodes:
            lines += [f"link add name {node.name} type veth peer name eth0 netns {node.network}",
                      f"link set {node.name} master switch", f"link set {node.name} up"]
        ip_if_possible(self.front, *lines)
        for number, node in enumerate(self.nodes):
            ip(node.network, "link set lo up", f"address add 10.0.0.{11 + number}/24 dev eth0",
               "link set eth0 up")
        subprocess.run(inside(self.front, "sysctl", "-qw", self.readme.sysctl), check=True)
        ip(outside, f"address add {CLIENT}/24 dev eth0", "link set eth0 up")

    def cable(self, node, state):
        ip(self.front, f"link set {node.name} {state}")

    def _start_haproxy(self):
        config = f"{FILES}/haproxy.cfg"
        with open(config, "w", encoding="ascii") as file:
            file.write(self.readme.haproxy)
        checked = subprocess.run(["haproxy", "-c", "-f", config], capture_output=True, text=True)
        if checked.returncode != 0 or "WARNING" in checked.stderr:
            raise Failure(f"HAProxy does not like the README's configuration: {checked.stderr}")
        with open(f"{FILES}/haproxy.log", "wb") as log:
            self.haproxy = subprocess.Popen(inside(self.front, "haproxy", "-db", "-f", config),
                                            stdout=log, stderr=log)
        wait_for("HAProxy", self._answers)

    def _answers(self):
        try:
            return self.ask("show info")
        except OSError:
            return None

    @staticmethod
    def ask(command):
        """HAProxy, at its socket for the operator."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(CONTROL)
            control.sendall(command.encode() + b"\n")
            with control.makefile(encoding="ascii") as answer:
                return answer.read()

    def server(self, node):
        """What HAProxy counts of a node, by the names that it has for it."""
        rows = csv.DictReader(self.ask("show stat").removeprefix("# ").splitlines())
        return next(row for row in rows if row["svname"] == node.name)

    def wait_status(self, node, status):
        wait_for(f"HAProxy to call {node.name} {status}",
                 lambda: self.server(node)["status"] == status)


def events():
    """What is in the logs, but for the many clients."""
    for path in sorted(glob.glob(f"{FILES}/*.log")):
        lines = [line for line in read(path).splitlines()
                 if not re.search("msg=(begin|end) ", line)]
        for line in lines[-30:]:
            print(f"    {os.path.basename(path)}: {line}")
