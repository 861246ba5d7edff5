"""Whether JSON is what a field may be."""

import re
import unicodedata


BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def utf16_length(text):
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


class Unreadable(Exception):
    """A body, or a field of a command, that cannot be read."""


class Wrong(Exception):
    """Its text begins with the name of the field."""


def need(is_so, field):
    if not is_so:
        raise Wrong(field)


def is_text(value, pattern=None, most=None):
    if not isinstance(value, str) or (most is not None and utf16_length(value) > most):
        return False
    return pattern is None or re.fullmatch(pattern, value) is not None


def is_integer(value, least, most):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return False
    return least <= value <= most and value == int(value)


def is_list(value, is_item, most=None):
    return isinstance(value, list) and (most is None or len(value) <= most) and all(is_item(item) for item in value)


def has_category(text, letters):
    return any(unicodedata.category(character)[0] in letters for character in text)
