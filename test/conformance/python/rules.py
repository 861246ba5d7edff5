"""Where an agent may reply, and the filters that it knows."""

import re

from checks import is_text


def may_reply_to(environment, configured, queue):
    if queue == configured:
        return True
    pattern = re.escape(environment) + r"_[A-Za-z0-9]{1,16}-[0-9]{1,3}_agent"
    return is_text(queue, r"[A-Za-z0-9_-]{1,80}") and re.fullmatch(pattern, queue) is not None


def matches(expression, facts):
    """This agent knows `*`, and `a=b` joined by `and`. None: it does not know the filter."""
    if expression.strip(" \t\r\n") == "*":
        return True
    terms = [re.fullmatch(r"([A-Za-z][\w.]*)=([\w.-]+)", term) for term in re.split(r"\s+and\s+", expression.strip())]
    if not all(terms):
        return None

    answers = [is_equal(fact_at(facts, term[1]), term[2]) for term in terms]
    return None if None in answers else all(answers)


def fact_at(facts, path):
    """Lists are beyond this agent: all of one."""
    if path.split(".")[0].lower() in ("and", "or", "not", "in"):
        return []
    value = facts
    for key in path.split("."):
        if isinstance(value, list):
            return value
        value = value.get(key) if isinstance(value, dict) else None
    return facts.get(path) if value is None else value


def is_equal(value, text):
    """None: this agent does not know."""
    if isinstance(value, list):
        return None
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, (int, float)):
        return True if str(value) == text else None if re.match(r"[\d.+-]", text) else False
    return value == text
