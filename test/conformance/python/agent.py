"""python3 agent.py OPTIONS: an agent by docs/messages.md alone, with nothing but the standard library of Python 3.

OPTIONS is JSON: endpoint, environment, agentId, facts, journal (a file). The agent ends, and says so to masters, when its
standard input ends. It has no policy, so it accepts every command without asking for a signature.
"""

import hashlib
import json
import random
import sys
import threading
import time

from admission import CLOCK_ERROR_MS, Situation, decide, is_another
from body import seal_body
from journal import Journal
from run import Run
from sqs import Sqs


class Agent:
    def __init__(self, options):
        self.environment = options["environment"]
        self.agent_id = options["agentId"]
        self.facts = {"hostname": self.agent_id, "agent": {"id": self.agent_id}, **options["facts"]}
        self.sqs = Sqs(options["endpoint"])
        self.own_queue = f"{self.environment}_agent"
        self.sqs.maximum_size(self.own_queue)
        self.started_at = self.sqs.now()
        self.journal = Journal(options["journal"], self.started_at)
        self.runs = {}
        self.orders = set()
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def start(self):
        for run_id in list(self.journal.open):
            self.answer(run_id, self.journal.known[run_id], {"kind": "interrupted"})
        self.publish()
        listening = threading.Thread(target=self.listen)
        listening.start()
        sys.stdin.read()
        self.stopping.set()
        for run in list(self.runs.values()):
            run.stop({"kind": "interrupted"})
        listening.join()
        self.publish(leaving=True)

    def listen(self):
        seen = set()
        pause = 0.1
        while not self.stopping.is_set():
            messages = self.sqs.receive(f"{self.environment}_master")
            fresh = [message for message in messages if message["MessageId"] not in seen]
            for message in fresh:
                seen.add(message["MessageId"])
                self.take(message)
            pause = 0.1 if fresh else min(2 * pause, 1)
            if messages and not (len(messages) == 10 and fresh):
                self.stopping.wait(pause * (0.75 + random.random() / 2))

    def take(self, message):
        attributes = message["Attributes"]
        situation = Situation(
            **{"agent_id": self.agent_id, "environment": self.environment, "reply_queue": self.own_queue},
            **{"facts": self.facts, "sender_id": attributes.get("SenderId"), "sent_at": int(attributes["SentTimestamp"])},
            **{"now": self.sqs.now(), "started_at": self.started_at, "remembers_since": self.journal.since},
            **{"known": self.journal.known, "started_by": self.journal.starters, "resent": self.orders},
        )
        decision = decide(message["Body"], situation)
        command = decision.command
        if decision.kind == "silence":
            print("no answer:", decision.reason, file=sys.stderr)
        elif decision.kind == "repeat":
            self.repeat(command["runId"], command["replyTo"])
        elif decision.kind == "refuse":
            if decision.is_recorded:
                self.begin(command["runId"], decision.to, situation.sender_id)
                self.journal.write({"ended": command["runId"]})
            refusal = {"type": "refusal", **self.head(command["runId"])}
            self.send(decision.to, {**refusal, "code": decision.code, "reason": decision.reason})
        else:
            self.carry_out(command, decision.action, situation)

    def begin(self, run_id, reply_to, sender_id):
        self.journal.write({"begun": run_id, "replyTo": reply_to, "by": sender_id})

    def carry_out(self, command, action, situation):
        run_id, reply_to, kind = command["runId"], command["replyTo"], action["kind"]
        if kind in ("ping", "facts"):
            if kind == "facts":
                self.publish()
            self.answer(run_id, reply_to, {"kind": "exited", "code": 0})
        elif kind == "resend":
            self.orders.add(run_id)
            self.resend(action["runId"], reply_to, action["missing"], action["result"])
        elif kind == "cancel":
            self.cancel(action["runId"], reply_to, action.get("issuedAt"), situation)
        else:
            variables = {
                "EC2_COLLECTIVE_ENVIRONMENT": self.environment,
                "EC2_COLLECTIVE_AGENT_ID": self.agent_id,
                "EC2_COLLECTIVE_RUN_ID": run_id,
            }
            run = Run(self.sqs, command, action, variables, lambda: self.head(run_id))
            with self.lock:
                self.begin(run_id, reply_to, situation.sender_id)
                self.runs[run_id] = run
            threading.Thread(target=self.execute, args=(run_id, run)).start()

    def execute(self, run_id, run):
        run.execute()
        with self.lock:
            self.journal.write({"ended": run_id})

    def repeat(self, run_id, reply_to):
        run = self.runs.get(run_id)
        if run is not None and run.result is None:
            run.acknowledge()
        else:
            self.resend(run_id, reply_to, [], True)

    def resend(self, run_id, reply_to, missing, with_result):
        run = self.runs.get(run_id)
        if run is None:
            return
        there = [int(number) for number in missing if number < len(run.bodies)]
        for number in there:
            self.sqs.send(reply_to, run.bodies[number])
        if run.result is not None and (with_result or len(there) < len(missing)):
            self.sqs.send(reply_to, run.result)

    def cancel(self, run_id, reply_to, issued_at, situation):
        run = self.runs.get(run_id)
        if run is not None and run.result is None:
            run.stop({"kind": "cancelled", "started": True})
        elif run_id in self.journal.known:
            if not is_another(situation, run_id):
                self.resend(run_id, reply_to, [], True)
        else:
            self.begin(run_id, reply_to, situation.sender_id)
            self.journal.write({"ended": run_id})
            if issued_at is not None and issued_at >= self.journal.since - CLOCK_ERROR_MS:
                self.answer(run_id, reply_to, {"kind": "cancelled", "started": False})

    def answer(self, run_id, reply_to, outcome):
        """A result without output."""
        empty = {"bytes": 0, "sha256": hashlib.sha256().hexdigest(), "droppedBytes": 0}
        result = {"outcome": outcome, "durationMs": 0, "frames": 0, "stdout": empty, "stderr": empty}
        self.send(reply_to, {"type": "result", **self.head(run_id), **result})
        if run_id in self.journal.open:
            self.journal.write({"ended": run_id})

    def publish(self, **more):
        message = {
            **{"type": "facts", "agentId": self.agent_id, "hostname": self.agent_id, "environment": self.environment},
            **{"version": "python", "startedAt": self.started_at, "sentAt": int(time.time() * 1000)},
            **{"intervalMs": 30_000, "running": list(self.journal.open), **more, "facts": self.facts},
        }
        self.send(f"{self.environment}_facts", message)

    def head(self, run_id):
        sent_at = int(time.time() * 1000)
        return {"runId": run_id, "agentId": self.agent_id, "hostname": self.agent_id, "sentAt": sent_at}

    def send(self, queue, message):
        self.sqs.send(queue, seal_body(message))


if __name__ == "__main__":
    Agent(json.loads(sys.argv[1])).start()
