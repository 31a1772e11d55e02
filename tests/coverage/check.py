#!/usr/bin/env python3
"""check.py REPORT UNCOVERED LINES BRANCHES - holds a coverage report to its limits.

REPORT is what `gcovr --json` wrote; UNCOVERED lists the lines that no test runs, with the reasons (it
says itself how). Prints a table by file, then what is wrong: a line that is neither run nor listed, one
that is listed and run or gone, and less than LINES percent of the lines that are not listed, or
BRANCHES percent of all branches. Exit status 1 if anything is. Works in the root of the project.
"""
import json
import re
import sys
from collections import defaultdict


def functions(text):
    """The function that each line is in; "" outside of all."""
    name = ''
    names = []
    for line in text:
        found = re.match(r'[A-Za-z_][^;=]*?(\w+)\(', line)
        if found and not line.rstrip().endswith(';'):
            name = found.group(1)
        names.append(name)
        if line.startswith('}'):
            name = ''
    return names


def read_list(path):
    """Entries (file, function, text) with whether some runs cover them."""
    entries = {}
    for number, line in enumerate(open(path, encoding='utf-8'), 1):
        if line.startswith('#') or not line.startswith(' '):
            continue
        found = re.fullmatch(r'(sometimes )?(\S+) (\w*): (.+)', line.strip())
        if not found or found.groups()[1:] in entries:
            sys.exit(f'{path}:{number}: not "FILE FUNCTION: TEXT", or there twice: {line.strip()}')
        entries[found.groups()[1:]] = found.group(1) is not None
    return entries


def percent(part, all_of_them):
    return 100 * part / all_of_them if all_of_them else 100


class Report:
    def __init__(self, entries):
        self.entries = entries
        self.missing = []
        self.seen = defaultdict(list)  # of an entry: the counts of its lines
        self.totals = [0, 0, 0, 0, 0]

    def add(self, file):
        """Prints the file's row: lines run, listed, all; branches taken, all."""
        text = open(file['file'], encoding='utf-8').read().splitlines()
        names = functions(text)
        row = [0, 0, 0, 0, 0]
        for line in file['lines']:
            if line.get('gcovr/noncode') or line.get('gcovr/excluded'):
                continue
            at = line['line_number'] - 1
            entry = (file['file'], names[at], text[at].strip())
            if entry in self.entries:
                self.seen[entry].append(line['count'])
            listed = line['count'] == 0 and entry in self.entries
            if line['count'] == 0 and not listed:
                self.missing.append(f'{file["file"]}:{at + 1}: {entry[1]}: {entry[2]}')
            row[0] += line['count'] > 0
            row[1] += listed
            row[2] += 1
            row[3] += sum(branch['count'] > 0 for branch in line['branches'])
            row[4] += len(line['branches'])
        self.totals = [a + b for a, b in zip(self.totals, row)]
        print_row(file['file'], row)

    def complaints(self, least_lines, least_branches):
        for line in self.missing:
            yield f'not run, and not listed: {line}'
        for entry, sometimes in self.entries.items():
            where = f'{entry[0]} {entry[1]}: {entry[2]}'
            if entry not in self.seen:
                yield f'listed, and there is no such line: {where}'
            elif all(self.seen[entry]) and not sometimes:
                yield f'listed, and yet run: {where}'
        run, listed, lines, taken, branches = self.totals
        if percent(run, lines - listed) < least_lines:
            yield f'lines: {percent(run, lines - listed):.2f} % is less than {least_lines:g} %'
        if percent(taken, branches) < least_branches:
            yield f'branches: {percent(taken, branches):.2f} % is less than {least_branches:g} %'


def print_row(name, row):
    run, listed, lines, taken, branches = row
    print(f'{name:32} {run:5} {listed:7} {lines:6} {percent(run, lines - listed):7.2f} %'
          f' {taken:6} {branches:6} {percent(taken, branches):7.2f} %')


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    report = Report(read_list(sys.argv[2]))
    files = json.load(open(sys.argv[1], encoding='utf-8'))['files']
    if not files:
        sys.exit('the report has no file in it')
    print(f'{"file":32} {"run":>5} {"listed":>7} {"lines":>6} {"":9} {"taken":>6} {"branches":>6}')
    for file in sorted(files, key=lambda file: file['file']):
        report.add(file)
    print_row('all', report.totals)
    complaints = list(report.complaints(float(sys.argv[3]), float(sys.argv[4])))
    print('', *complaints, sep='\n')
    return 1 if complaints else 0


sys.exit(main())
