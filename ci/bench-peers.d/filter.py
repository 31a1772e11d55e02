"""filter.py THRD ROUNDS DIRECTORY RESULT.json - thrd as a filter beside tr, on 1 GiB of text.

`thrd run rot13` and `tr A-Za-z N-ZA-Mn-za-m` read the same file, which has just been written to
DIRECTORY, and write to /dev/null, in turn. Before that both have to make the same of its beginning."""
import json
import os
import subprocess
import sys
import time

SIZE = 1 << 30
TEXT = b"The quick brown fox jumps over the lazy dog; 0123456789 THE QUICK BROWN FOX.\n"


def write_text(path):
    block = TEXT * 13000
    with open(path, "wb") as file:
        left = SIZE
        while left > 0:
            left -= file.write(block[:left])


def seconds(command, path):
    with open(path, "rb") as file:
        begun = time.monotonic()
        subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - begun


def output(command):
    return subprocess.run(command, input=TEXT * 100, stdout=subprocess.PIPE, check=True).stdout


def main():
    thrd, rounds, directory, result = sys.argv[1:]
    os.environ["LC_ALL"] = "C"
    commands = {"thrd": [thrd, "run", "rot13"], "tr": ["tr", "A-Za-z", "N-ZA-Mn-za-m"]}
    if output(commands["thrd"]) != output(commands["tr"]):
        sys.exit("thrd run rot13 and tr do not make the same of a text")
    path = os.path.join(directory, "text")
    times = {name: [] for name in commands}
    try:
        write_text(path)
        for number in range(int(rounds)):
            for name in sorted(commands, reverse=number % 2 == 1):
                times[name].append(seconds(commands[name], path))
    finally:
        if os.path.exists(path):
            os.unlink(path)
    figures = {name: {"rounds": [SIZE / 1e6 / s for s in own]} for name, own in times.items()}
    with open(result, "w") as file:
        json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
