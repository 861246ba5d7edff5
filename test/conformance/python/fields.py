"""The fields of a command and of its action."""

import re

from checks import BASE64, Unreadable, Wrong, has_category, is_integer, is_list, is_text, need
from targets import hashes_in


RUN_ID = r"[A-Za-z0-9][A-Za-z0-9-]{7,63}"
AGENT_ID = r"[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}"
MOST_TIME = 8_640_000_000_000_000
MOST_DURATION = 604_800_000
MOST_COUNT = 2**53 - 1


def check_command(command):
    try:
        need(is_text(command.get("runId"), RUN_ID), "runId")
        need(is_text(command.get("environment"), r"[A-Za-z0-9_-]{1,48}"), "environment")
        need(is_integer(command.get("issuedAt"), 0, MOST_TIME), "issuedAt")
        need(is_integer(command.get("ttlMs"), 1, MOST_DURATION), "ttlMs")
        need(is_integer(command.get("timeoutMs"), 1, MOST_DURATION), "timeoutMs")
        issuer = command.get("issuer")
        need(isinstance(issuer, dict), "issuer")
        need(is_text(issuer.get("name"), most=1024) and is_text(issuer.get("host"), most=1024), "issuer")
        need(is_text(command.get("replyTo"), r"[A-Za-z0-9_-]{1,80}"), "replyTo")
        need(is_text(command.get("filter")) and command["filter"] != "", "filter")
        if "targets" in command:
            need(is_list(command["targets"], lambda target: is_text(target, AGENT_ID)), "targets")
        if "targetSet" in command:
            need(hashes_in(command["targetSet"]) is not None, "targetSet")
        if "outputLimitBytes" in command:
            need(is_integer(command["outputLimitBytes"], 0, MOST_COUNT), "outputLimitBytes")
        action = command.get("action")
        need(isinstance(action, dict) and is_text(action.get("kind"), most=64), "action")
    except Wrong as wrong:
        raise Unreadable(str(wrong)) from wrong


def check_action(action):
    """Raises Wrong with what is not supported: a kind, or a field."""
    kind = action["kind"]
    if kind in ("shell", "script"):
        if kind == "shell":
            need(is_text(action.get("command")) and action["command"] != "", "command")
        else:
            name = action.get("name")
            need(is_text(name) and re.fullmatch(r"[^/]{1,255}", name, re.S) and not has_category(name, "C"), "name")
            need(is_text(action.get("content"), BASE64), "content")
            need(is_list(action.get("args"), is_text), "args")
            if "interpreter" in action:
                need(is_text(action["interpreter"], most=255) and action["interpreter"] != "", "interpreter")
        if "directory" in action:
            need(is_text(action["directory"], most=4096) and action["directory"].startswith("/"), "directory")
        if "user" in action:
            user = action["user"]
            need(is_text(user) and re.fullmatch(r"(?!-)[^:,/]{1,256}", user) and not has_category(user, "CZ"), "user")
        if "environment" in action:
            need(isinstance(action["environment"], dict), "environment")
            for name, value in action["environment"].items():
                need(is_text(name, r"[A-Za-z_][A-Za-z0-9_]{0,127}"), "environment")
                need(is_text(value) and "\0" not in value, "environment")
    elif kind == "cancel":
        need(is_text(action.get("runId"), RUN_ID), "runId")
        need("issuedAt" not in action or is_integer(action["issuedAt"], 0, MOST_TIME), "issuedAt")
    elif kind == "resend":
        need(is_text(action.get("runId"), RUN_ID), "runId")
        need(is_list(action.get("missing"), lambda number: is_integer(number, 0, MOST_COUNT), 1000), "missing")
        need(isinstance(action.get("result"), bool), "result")
    else:
        need(kind in ("ping", "facts"), kind)


def read_action(action):
    """The action of a command. Raises Wrong."""
    if "requires" not in action:
        check_action(action)
        return action
    parts, inner = action["requires"], action.get("action")
    need(is_list(parts, lambda part: is_text(part, r"[A-Za-z][A-Za-z0-9]{0,31}"), 32), action["kind"])
    unknown = [part for part in parts if part != "targetSet"]
    need(not unknown, ", ".join(unknown))
    need(isinstance(inner, dict) and is_text(inner.get("kind"), most=64) and "requires" not in inner, action["kind"])
    check_action(inner)
    return inner
