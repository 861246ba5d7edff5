"""python3 vectors.py FILE: checks this implementation by docs/protocol-vectors.json; prints what is wrong as JSON."""

import base64
import json
import sys

from admission import Situation, decide
from body import ascii_json, open_body, seal_body
from checks import Unreadable, Wrong
from fields import read_action
from rules import matches, may_reply_to
from targets import hash_of, hashes_in, is_in_set


def failed_vectors(vectors):
    failures = []

    def check(name, is_so):
        if not is_so:
            failures.append(name)

    def opened(name, body, queue):
        try:
            return open_body(body, queue)
        except Unreadable as error:
            failures.append(f"{name}: {error}")
            return {}, b"", b""

    for vector in vectors["messages"]:
        data = base64.b64decode(vector.get("data", ""))
        check(vector["name"], opened(vector["name"], vector["body"], vector["queue"])[:2] == (vector["message"], data))
        message, again, _ = open_body(seal_body(vector["message"], data), vector["queue"])
        check(f"sealing {vector['name']}", (message, again) == (vector["message"], data))
        check(f"ASCII of {vector['name']}", ascii_json(vector["message"]) in json.loads(vector["body"]).get("m", ascii_json(vector["message"])))
    for vector in vectors["unreadable"]:
        # This agent reads nothing but commands.
        if vector["queue"] == "command":
            try:
                open_body(vector["body"], "command")
                failures.append(vector["name"])
            except Unreadable:
                pass
    for vector in vectors["refusedActions"]:
        try:
            read_action(opened(vector["name"], vector["body"], "command")[0]["action"])
            failures.append(vector["name"])
        except Wrong as wrong:
            named = [vector["field"]] if "field" in vector else vector.get("parts", [])
            check(vector["name"], all(name in str(wrong) for name in named))
    for vector in vectors["signatures"]:
        covered = opened(vector["name"], vector["body"], vector["queue"])[2]
        check(vector["name"], "signedBytes" not in vector or covered == base64.b64decode(vector["signedBytes"]))
    for vector in vectors["targetSets"]:
        run_id, ids = vector["runId"], vector["agentIds"]
        check(f"hashes of {run_id}", [hash_of(run_id, agent_id, len(ids)) for agent_id in ids] == vector["hashes"])
        check(f"names of {run_id}", all(is_in_set(vector["set"], run_id, agent_id) for agent_id in ids))
        check(f"others of {run_id}", not any(is_in_set(vector["set"], run_id, other) for other in vector["doesNotName"]))
    for vector in vectors["notSets"]:
        check(vector["name"], hashes_in(vector["set"]) is None)
    for vector in vectors["replyQueues"]:
        allowed = may_reply_to(vector["environment"], vector["configured"], vector["replyTo"])
        check(f"replies to {vector['replyTo']}", allowed == vector["isAllowed"])
    for vector in vectors["filters"]:
        # It may know less, and never another meaning.
        check(f"filter {vector['filter']}", matches(vector["filter"], vectors["facts"]) in (None, vector["matches"]))
    for text in vectors["notFilters"]:
        check(f"no filter {text}", matches(text, vectors["facts"]) is None)
    for vector in vectors["decisions"]:
        decision = decide(vector["body"], situation_of({**vectors["situation"], **vector.get("situation", {})}))
        there = {"decision": decision.kind}
        if decision.kind == "refuse":
            there |= {"code": decision.code, "to": decision.to, "isRecorded": decision.is_recorded}
        wanted = {name: vector[name] for name in ("decision", "code", "to", "isRecorded") if name in vector}
        check(f"decision about {vector['name']}: {there}", there == wanted)
    return failures


def situation_of(there):
    started_by = {run_id: there["startedBy"] for run_id in there["known"] if "startedBy" in there}
    names = {
        **{"agent_id": "agentId", "environment": "environment", "reply_queue": "replyQueue", "facts": "facts"},
        **{"sender_id": "senderId", "sent_at": "sentAt", "now": "now", "started_at": "startedAt"},
        **{"remembers_since": "remembersSince", "known": "known", "resent": "resent"},
    }
    return Situation(**{name: there[field] for name, field in names.items()}, started_by=started_by)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(failed_vectors(json.load(file))))
