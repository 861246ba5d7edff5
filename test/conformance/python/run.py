"""A run: executes a command and sends its reply."""

import base64
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from body import MOST_DATA, seal_body

FLUSH_EVERY = 0.5


class Run:
    """`head` gives the fields that every reply of this run begins with."""

    def __init__(self, sqs, command, action, variables, head):
        self.sqs = sqs
        self.reply_to = command["replyTo"]
        self.timeout = command["timeoutMs"] / 1000
        self.limit = command.get("outputLimitBytes", 10_485_760)
        self.action = action
        self.variables = variables
        self.head = head
        self.most = 65_536
        self.bodies = []
        self.result = None
        self.hashes = {1: hashlib.sha256(), 2: hashlib.sha256()}
        self.bytes = {1: 0, 2: 0}
        self.kept = 0
        self.dropped = {1: 0, 2: 0}
        self.pending = []
        self.lock = threading.Lock()
        self.process = None
        self.stopped = None

    def execute(self):
        begun = time.monotonic()
        folder = tempfile.mkdtemp(prefix="conformance-")
        try:
            self.most = self.sqs.maximum_size(self.reply_to)
            outcome = self.outcome(folder)
        except OSError as error:
            outcome = {"kind": "not-executed", "reason": str(error)[:1024]}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.flush()
        duration = int(1000 * (time.monotonic() - begun))
        result = {
            **{"type": "result", **self.head(), "outcome": outcome, "durationMs": duration},
            **{"frames": len(self.bodies), "stdout": self.digest(1), "stderr": self.digest(2)},
        }
        self.result = seal_body(result)
        self.sqs.send(self.reply_to, self.result)

    def outcome(self, folder):
        if "user" in self.action:
            raise OSError(f"this agent executes nothing as {self.action['user']}")
        if self.stopped is not None:
            return {"kind": "cancelled", "started": False}
        self.process = subprocess.Popen(
            self.program(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.action.get("directory", "/"),
            start_new_session=True,
            env={"PATH": os.environ["PATH"], **self.action.get("environment", {}), **self.variables},
        )
        pipes = ((1, self.process.stdout), (2, self.process.stderr))
        readers = [threading.Thread(target=self.read, args=pipe) for pipe in pipes]
        for reader in readers:
            reader.start()
        deadline = time.monotonic() + self.timeout
        flush_at = time.monotonic() + FLUSH_EVERY
        acknowledged = False
        while any(reader.is_alive() for reader in readers):
            for reader in readers:
                reader.join(0.02)
            if time.monotonic() >= deadline:
                self.stop({"kind": "timed-out"})
            if time.monotonic() < flush_at:
                continue
            if not acknowledged:
                self.acknowledge()
            acknowledged = True
            self.flush()
            flush_at = time.monotonic() + FLUSH_EVERY
        code = self.process.wait()
        if self.stopped is not None:
            return self.stopped
        if code < 0:
            return {"kind": "signalled", "signal": signal.Signals(-code).name}
        return {"kind": "exited", "code": code}

    def program(self, folder):
        if self.action["kind"] == "shell":
            return ["/bin/sh", "-c", self.action["command"]]
        path, content = os.path.join(folder, self.action["name"]), base64.b64decode(self.action["content"])
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o700), "wb") as file:
            file.write(content)
        first_line = re.match(rb"#!\s*([^\n]+)\n", content)
        interpreter = self.action.get("interpreter") or (first_line[1].decode() if first_line else "/bin/sh")
        return [*interpreter.split(), path, *self.action["args"]]

    def read(self, stream, pipe):
        while data := pipe.read1(65_536):
            with self.lock:
                kept = data[: self.limit - self.kept]
                self.kept += len(kept)
                self.dropped[stream] += len(data) - len(kept)
                if kept:
                    self.pending.append((stream, kept))

    def acknowledge(self):
        self.sqs.send(self.reply_to, seal_body({"type": "ack", **self.head(), "state": "started"}))

    def flush(self):
        """Frames of what is pending: as much as has room in any case, as base64 of what cannot be packed."""
        with self.lock:
            pending, self.pending = self.pending, []
        while pending:
            room, pieces = min(MOST_DATA, (self.most - 4_000) * 3 // 4), []
            while pending and room > 0 and len(pieces) < 50:
                stream, data = pending.pop(0)
                pieces.append((stream, data[:room]))
                if len(data) > room:
                    pending.insert(0, (stream, data[room:]))
                room -= len(data)
            for stream, data in pieces:
                self.hashes[stream].update(data)
                self.bytes[stream] += len(data)
            segments = [[stream, len(data)] for stream, data in pieces]
            message = {"type": "output", **self.head(), "frame": len(self.bodies), "segments": segments}
            body = seal_body(message, b"".join(data for _, data in pieces))
            self.bodies.append(body)
            self.sqs.send(self.reply_to, body)

    def digest(self, stream):
        sha256 = self.hashes[stream].hexdigest()
        digest = {"bytes": self.bytes[stream], "sha256": sha256, "droppedBytes": self.dropped[stream]}
        return {**digest, "droppedAt": self.bytes[stream]} if self.dropped[stream] else digest

    def stop(self, outcome):
        """TERM to the whole group, and KILL to what is left of it."""
        if self.result is not None or self.stopped is not None:
            return
        self.stopped = outcome

        def kill(how):
            try:
                os.killpg(self.process.pid, how)
            except (ProcessLookupError, AttributeError):
                pass

        kill(signal.SIGTERM)
        timer = threading.Timer(1, kill, [signal.SIGKILL])
        timer.daemon = True
        timer.start()
