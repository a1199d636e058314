"""What every journal has to be, whatever happened: each line as the schema has it, and each probe in one record."""

import glob
import json
import os

import jsonschema

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/journal.schema.json")
NAMING = ("target", "address", "port", "protocol", "size", "flow", "flow_index", "pmtu")
LOSSES = ("forward_lost", "return_lost", "lost")


def _validators():
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    return {
        name: jsonschema.Draft202012Validator({**definition, "$defs": schema["$defs"]})
        for name, definition in schema["$defs"].items() if "_" in name
    }  # fmt: skip


VALIDATORS = _validators()


def faults_of(line):
    """What the schema does not allow in this line."""
    name = f"{'server' if 'server' in line and 'vantage' not in line else 'client'}_{line.get('type')}"
    if name not in VALIDATORS:
        return [f"no type of the schema: {line}"]
    return [f"{error.json_path}: {error.message} in {line}" for error in VALIDATORS[name].iter_errors(line)]


def read(path):
    """The lines that are JSON objects; those that a crash tore are not."""
    with open(path, encoding="utf-8") as file:
        for text in file:
            try:
                yield json.loads(text)
            except ValueError:
                continue


class _Accounts:
    """The records of the paths, one after the other."""

    def __init__(self):
        self.faults = []
        self.ends = {}  # path: time of its last record
        self.losses = {}  # path: losses in `loss` lines since its last record

    def _path(self, key, line):
        if key in self.ends and line["from"] != self.ends[key]:
            self.faults.append(f"a gap or an overlap: the last record ends at {self.ends[key]}: {line}")
        if line["sent"] != line["answered"] + sum(line[name] for name in LOSSES):
            self.faults.append(f"the sum is wrong: {line}")
        if self.losses.pop(key, 0) != sum(line[name] for name in LOSSES):
            self.faults.append(f"other losses than in the lines of type loss: {line}")
        if line["ended"]:
            self.ends.pop(key, None)
        else:
            self.ends[key] = line["time"]

    def add(self, line):
        if line["type"] == "start":
            self.ends.clear()
            self.losses.clear()
            return
        if line["type"] == "stop" and self.losses:
            self.faults.append(f"losses of a path that no record counts: {self.losses}")
        key = tuple(line.get(name) for name in NAMING)
        if line["type"] == "path":
            self._path(key, line)
        elif line["type"] == "loss":
            self.losses[key] = self.losses.get(key, 0) + sum(line[name] for name in LOSSES)


def faults(path):
    found, accounts = [], _Accounts()
    for line in read(path):
        wrong = faults_of(line)
        found += wrong
        if not wrong:
            accounts.add(line)
    return found + accounts.faults


def check(files):
    """Returns what is wrong with the journals in this directory."""
    return [f"{path}: {fault}" for path in sorted(glob.glob(f"{files}/*.jsonl")) for fault in faults(path)]
