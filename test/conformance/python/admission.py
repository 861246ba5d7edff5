"""The table of “What an agent does with a command”, for an agent without a policy."""

from collections import namedtuple

from body import open_body
from checks import Unreadable, Wrong
from fields import read_action
from rules import matches, may_reply_to
from targets import is_in_set


CLOCK_ERROR_MS = 2_000

# What the decision depends on. Times in milliseconds, by the clock of SQS. known: run IDs; started_by: the SenderId of who
# started a run, by its ID, where that is noted; resent: the IDs of each resend that was carried out.
Situation = namedtuple(
    "Situation",
    "agent_id environment reply_queue facts sender_id sent_at now started_at remembers_since known started_by resent",
)

# kind: do, repeat, silence or refuse.
Decision = namedtuple("Decision", "kind command action code reason to is_recorded", defaults=[None] * 6)


def is_another(situation, run_id):
    """Whether the run was started by another sender than this one."""
    starter = situation.started_by.get(run_id)
    if starter is None or situation.sender_id is None:
        return False
    return starter.split(":")[0] != situation.sender_id.split(":")[0]


def decide(body, situation):
    try:
        command, _, _ = open_body(body, "command")
    except Unreadable as error:
        return Decision("silence", reason=str(error))
    run_id, reply_to, issued_at, ttl = (command[name] for name in ("runId", "replyTo", "issuedAt", "ttlMs"))
    agent_id, sent_at = situation.agent_id, situation.sent_at
    names_some = "targets" in command or "targetSet" in command
    if "targets" in command and agent_id not in command["targets"]:
        return Decision("silence", reason="not named")
    if "targetSet" in command and not is_in_set(command["targetSet"], run_id, agent_id):
        return Decision("silence", reason="not in the set")
    match = matches(command["filter"], situation.facts)
    if match is False and not names_some:
        return Decision("silence", reason="the filter does not match")
    action, unsupported = None, None
    try:
        action = read_action(command["action"])
    except Wrong as wrong:
        unsupported = str(wrong)
    kind = action["kind"] if action else None
    is_executed = kind in ("shell", "script")
    before_start = situation.started_at - CLOCK_ERROR_MS
    if kind == "resend" and (run_id in situation.resent or issued_at < before_start):
        return Decision("silence", reason="replayed")
    may_reply = may_reply_to(situation.environment, situation.reply_queue, reply_to)

    def refuse(code, reason, is_recorded=False):
        to = reply_to if may_reply else situation.reply_queue
        return Decision("refuse", command, action, code, reason[:1000], to, is_recorded)

    if command["environment"] != situation.environment:
        return refuse("environment", f"{agent_id} is in {situation.environment}.")
    if is_executed and run_id in situation.known:
        if may_reply and not is_another(situation, run_id):
            return Decision("repeat", command, action)
        return Decision("silence", reason="known")
    is_late = situation.now - sent_at > ttl or abs(sent_at - issued_at) > ttl + 300_000
    is_forgotten = is_executed and min(sent_at, issued_at) < situation.remembers_since - CLOCK_ERROR_MS
    if is_late or is_forgotten:
        if sent_at < before_start:
            return Decision("silence", reason="sent before this agent started")
        why = "The command has expired." if is_late else "It may have been executed already."
        return refuse("expired", why, is_executed)
    if not may_reply:
        return refuse("reply-queue", f"Replies to {reply_to} are not allowed.", is_executed)
    if match is None:
        return refuse("filter", "This agent knows only * and a=b joined by and.", is_executed)
    if not match:
        return refuse("filter", "The filter no longer matches.", is_executed)
    if unsupported is not None:
        return refuse("unsupported", f"The action is not supported: {unsupported}.")
    if kind == "resend" and is_another(situation, action["runId"]):
        return refuse("policy", "The output of a run is for who started it.")
    return Decision("do", command, action)
