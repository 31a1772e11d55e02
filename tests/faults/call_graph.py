"""call_graph - who calls whom in a program, as its disassembly tells.

Functions are known by their address, because static ones of different files may have one name. What is
called in a shared library has no body here: it is known by its name alone. A call through a pointer is
noted as such; who is behind it, the program does not tell."""

import re
import subprocess
import sys

HEADER = re.compile(r"^([0-9a-f]+) <(.+)>:$")
DIRECT = re.compile(r"\b([0-9a-f]+) <([^>+]+)>$")
THROUGH_GOT = re.compile(r"# [0-9a-f]+ <([\w.]+)@[\w.]+>$")
# Calls and jumps of x86-64 and aarch64; a jump may be a call at a function's end.
TRANSFER = re.compile(r"^(?:bnd )?(?:notrack )?(call|callq|jmp|jmpq|j\w+|bl|b|b\.\w+|cb\w+|tb\w+|blr|br)\s")
SYMBOL = re.compile(r"^[0-9a-f]+ l +F ")
THROUGH_POINTER = re.compile(r"^(?:bnd )?(?:notrack )?(?:(?:call|jmp)q?\s+\*|blr\s|br\s)")


class Function:
    def __init__(self, name):
        self.name = name
        self.file = None  # of a static function: the name of its source file
        self.calls = set()  # addresses
        self.outside = set()  # names
        self.through_pointer = False


def plain(name):
    """The name in the source: without what the compiler puts behind that of a part or a copy."""
    return re.split(r"[.@]", name)[0]


def objdump(*options):
    command = ["objdump", *options]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    except FileNotFoundError:
        print("skipped: there is no objdump (Debian: binutils)")
        sys.exit(77)


def note_call(function, instruction):
    direct = DIRECT.search(instruction)
    through_got = THROUGH_GOT.search(instruction)
    if through_got:
        function.outside.add(plain(through_got.group(1)))
    elif THROUGH_POINTER.match(instruction):
        # A jump through a table of a switch is none to anywhere else; the tables are read-only data.
        function.through_pointer |= "call" in instruction or "blr" in instruction
    elif direct and "@plt" in direct.group(2):
        function.outside.add(plain(direct.group(2)))
    elif direct:
        function.calls.add(int(direct.group(1), 16))


def note_files(functions, program):
    """In a program's table of symbols static functions stand behind the name of their file."""
    file = None
    for line in objdump("--syms", program).splitlines():
        words = line.split()
        if "df" in words[1:4]:
            file = words[-1]
        elif SYMBOL.match(line) and int(words[0], 16) in functions:
            functions[int(words[0], 16)].file = file


def read(program):
    """The functions of a program by their addresses."""
    functions = {}
    current = None
    for line in objdump("--disassemble", "--no-show-raw-insn", program).splitlines():
        header = HEADER.match(line)
        if header:
            current = Function(header.group(2))
            functions[int(header.group(1), 16)] = current
        elif current and "\t" in line:
            instruction = line.split("\t", 1)[1].strip()
            if TRANSFER.match(instruction):
                note_call(current, instruction)
    for address, function in functions.items():
        function.calls = {to for to in function.calls if to in functions and to != address}
    note_files(functions, program)
    return functions


def is_instrumented(functions):
    """Whether a sanitizer, or a counter of coverage, has put calls of its own everywhere."""
    return any(
        name.startswith(("__asan_", "__tsan_", "__ubsan_", "__gcov_", "__sanitizer_"))
        for function in functions.values()
        for name in function.outside | {function.name}
    )
