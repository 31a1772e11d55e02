#!/usr/bin/env -S python3 -B
"""stack_budget.py PROGRAM OBJECT_DIR CONFIG_H - what threads of the library's may need of their stack.

Class 11: a thread with a small stack runs over its end. Seen in: collectd #652.
Here, at compile time: OBJECT_DIR has what the compiler says of each function's frame (-fstack-usage),
PROGRAM who calls whom, CONFIG_H the smallest stack that may be asked for, THRDSRV_STACK_MIN. No frame may
be larger than FRAME_MAX, but for those named here; none may be of a size that only the run tells. The
deepest way down from where a thread begins, calls through pointers included, may take what is left
when LEFT_OVER is kept for libc, the host's hooks and a signal's frame. What a run really needs, and
the guard page, are test_11_stack.c's.

Exit status: 0 kept, 1 broken, 77 objdump is missing, or the program is instrumented."""

import pathlib
import re
import sys

import call_graph

FRAME_MAX = 5 * 1024
# Their buffers are what they are for: of a stream, and of an entry of the groups (run before there
# are threads).
LARGE = {"run_large": 66 * 1024, "find_group": 17 * 1024}
LEFT_OVER = 32 * 1024
BEGIN = "thread_main"
RETURN_ADDRESS = 8

# Where a call through a pointer leads that stands in this file of src/server: a handler, what starts and
# ends workers, the loop that runs while a worker of mode inline waits, the program's log. Hooks of the
# host's are its own, and have what is left over.
LEADS_TO = {
    "conn_handler.c": lambda place, name: place.startswith("handler/"),
    "accept_loop.c": lambda place, name: place.startswith("server/worker_"),
    "watch.c": lambda place, name: place.startswith("server/worker_"),
    "server.c": lambda place, name: place.startswith("server/worker_"),
    "conn.c": lambda place, name: name == "wait_and_loop",
    "log.c": lambda place, name: name == "thrdsrv_log_stderr",
}


def frames(directory):
    """(source file, function) -> bytes of its frame; complains about those of no fixed size."""
    found, faults = {}, []
    for path in pathlib.Path(directory).rglob("*.su"):
        for line in path.read_text().splitlines():
            place, size, kind = line.split("\t")
            source, function = place.split(":")[0], call_graph.plain(place.split(":")[-1])
            source = "/".join(pathlib.Path(source).parts[-2:])
            found[source, function] = max(found.get((source, function), 0), int(size))
            if "dynamic" in kind and "bounded" not in kind:
                faults.append(f"{source}: {function}() has a frame of no fixed size")
    return found, faults


def too_large(found):
    for (source, function), size in sorted(found.items()):
        limit = LARGE.get(function, FRAME_MAX)
        if size > limit:
            yield f"{source}: {function}() has a frame of {size} bytes, allowed are {limit}"


class Depth:
    """The deepest way down from functions of the library's."""

    def __init__(self, functions, found):
        self.functions = functions
        self.found = found
        self.place = {address: self.place_of(function) for address, function in functions.items()}
        self.known = {}

    def place_of(self, function):
        """The source of a function, as in found; None: not of the library."""
        name = call_graph.plain(function.name)
        places = [source for source, each in self.found if each == name]
        if len(places) > 1:
            places = [place for place in places if place.split("/")[1] == function.file]
        return places[0] if places else None

    def name(self, address):
        return call_graph.plain(self.functions[address].name)

    def pointed_to(self, place):
        leads = LEADS_TO.get(place.split("/")[1])
        return {
            address
            for address, there in self.place.items()
            if leads and there and leads(there, self.name(address))
        }

    def below(self, address, waits_in_loop, above=()):
        """(bytes, way down) from this function on. The loop is gone into once: a second turn of it,
        while a worker of mode inline waits, has to do with what is left over."""
        if (address, waits_in_loop) in self.known:
            return self.known[address, waits_in_loop]
        function, place, name = self.functions[address], self.place[address], self.name(address)
        next_ones = {called for called in function.calls if self.place[called]}
        if function.through_pointer and (waits_in_loop or place != "server/conn.c"):
            next_ones |= self.pointed_to(place)
        ways = [
            self.below(called, waits_in_loop, (*above, address))
            for called in next_ones - {*above, address}
        ]
        size, way = max(ways, default=(0, ()))
        result = self.found[place, name] + RETURN_ADDRESS + size, (name, *way)
        if not next_ones & {*above}:
            self.known[address, waits_in_loop] = result
        return result


def main(program, directory, config):
    text = pathlib.Path(config).read_text()
    smallest = int(re.search(r"#define THRDSRV_STACK_MIN\s+(\d+)", text).group(1))
    functions = call_graph.read(program)
    if call_graph.is_instrumented(functions):
        print("skipped: the program is instrumented")
        return 77
    found, faults = frames(directory)
    faults += too_large(found)
    depth = Depth(functions, found)
    begins = [address for address in functions if depth.name(address) == BEGIN]
    begins = [address for address in begins if depth.place[address]]
    if len(found) < 100 or len(begins) != 2:
        faults.append(f"{len(found)} frames and {len(begins)} threads: these are not all")
    for address in begins:
        runs_loop = depth.place[address] == "server/own_thread.c"
        size, way = depth.below(address, runs_loop)
        print(f"{depth.place[address]}: {size} bytes: {' > '.join(way)}")
        if size > smallest - LEFT_OVER:
            faults.append(f"of {smallest} bytes {size} are needed, {LEFT_OVER} must be left")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
