"""What the scripts of both clients share: steps with a name, the records of the bulk runs, and their checksum."""
import hashlib
import json
import os
import sys
import time

# Retention goes by the records' own time: it has to be a young one.
STARTED = int(time.time() * 1000) - 60_000


def tour(steps):
    """Does the steps in order; one JSON line each: {"step", "error"}."""
    for name, step in steps.items():
        try:
            step()
            print(json.dumps({"step": name}), flush=True)
        except Exception as fault:
            print(json.dumps({"step": name, "error": repr(fault)}), flush=True)
    # Consumers that a failed step left behind would keep the process.
    os._exit(0)


def until(what, holds):
    """Returns when the condition holds, which may poll its clients."""
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError(f"{what} did not come")


def record(i):
    """Record number i of a bulk run: 100 bytes."""
    return f"record {i:08d} {chr(97 + i % 26) * 84}".encode()


class Checksum:
    """The checksum of a bulk run: SHA-256 over the values, a newline after each."""

    def __init__(self):
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, value):
        self._hash.update(value + b"\n")
        self.count += 1

    def print(self):
        print(json.dumps({"count": self.count, "sha256": self._hash.hexdigest()}), flush=True)


def main(modes):
    bootstrap, mode, *arguments = sys.argv[1:]
    modes[mode](bootstrap, *arguments)
