"""The memory of runs."""

import json
import os


class Journal:
    """On disk before anything is executed. Forgets nothing."""

    def __init__(self, path, now):
        self.known = {}
        self.starters = {}
        self.open = []
        self.since = now
        lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        self.file = open(path, "a", encoding="utf-8")
        for line in lines:
            self.learn(json.loads(line))
        if not lines:
            self.write({"since": now})

    def write(self, line):
        self.learn(line)
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())

    def learn(self, line):
        if "since" in line:
            self.since = line["since"]
        elif "ended" in line:
            self.open = [run_id for run_id in self.open if run_id != line["ended"]]
        else:
            self.known[line["begun"]] = line["replyTo"]
            self.starters[line["begun"]] = line["by"]
            self.open.append(line["begun"])
