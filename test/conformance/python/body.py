"""Reading and writing bodies."""

import base64
import gzip
import json
import re
import zlib

from checks import Unreadable, utf16_length
from fields import check_command


BOUNDS = {  # characters, levels, marks
    "body": (1_048_576, 8, 100),
    "command": (4_194_304, 16, 50_000),
    "reply": (1_048_576, 16, 50_000),
    "facts": (1_048_576, 66, 50_000),
}
TYPES = {"command": ["command"], "reply": ["ack", "output", "result", "refusal"], "facts": ["facts"]}
MOST_DATA = 1_048_576


def parse(text, kind):
    characters, levels, marks = BOUNDS[kind]
    if utf16_length(text) > characters:
        raise Unreadable("too long")
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.S)
    if sum(outside.count(mark) for mark in "{[,:") > marks:
        raise Unreadable("too many marks")
    level = 0
    for character in outside:
        level += (character in "{[") - (character in "}]")
        if level > levels:
            raise Unreadable("too deep")
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unreadable("not JSON") from error


def unpack(text, most):
    try:
        packed = base64.b64decode(text, validate=True)
        unpacker = zlib.decompressobj(wbits=31)
        data = unpacker.decompress(packed, most + 1)
        if len(data) > most:
            raise Unreadable("unpacks to too much")
        if not unpacker.eof:
            raise Unreadable("damaged gzip")
        return data
    except (ValueError, zlib.error) as error:
        raise Unreadable("damaged gzip") from error


def signed_bytes(text, data):
    return b"ec2-collective/1\n%d\n%s\n%s" % (len(data), text.encode(), data)


def open_body(body, queue):
    """Message, data, and the bytes that a signature would cover."""
    envelope = parse(body, "body")
    if not isinstance(envelope, dict) or envelope.get("v") != 1:
        raise Unreadable("not of version 1")
    for name in ("m", "mz", "d", "dz"):
        if name in envelope and not isinstance(envelope[name], str):
            raise Unreadable(name)
    if "sig" in envelope:
        sig = envelope["sig"]
        if not isinstance(sig, dict) or not all(
            isinstance(sig.get(part), str) and utf16_length(sig[part]) <= 128 for part in ("key", "value")
        ):
            raise Unreadable("sig")
    if "m" in envelope:
        text = envelope["m"]
    elif "mz" in envelope:
        text = unpack(envelope["mz"], BOUNDS[queue][0]).decode("utf-8", "replace")
    else:
        raise Unreadable("no message")
    if "dz" in envelope:
        data = unpack(envelope["dz"], MOST_DATA)
    else:
        data = base64.b64decode(envelope.get("d", ""))
    message = parse(text, queue)
    if not isinstance(message, dict) or message.get("type") not in TYPES[queue]:
        raise Unreadable("type")
    if queue == "command":
        check_command(message)
    return message, data, signed_bytes(text, data)


def ascii_json(value):
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("\x7f", "\\u007f")


def seal_body(message, data=b""):
    text = ascii_json(message)
    envelope = {"v": 1}
    if len(text) >= 1_024:
        envelope["mz"] = base64.b64encode(gzip.compress(text.encode())).decode()
    else:
        envelope["m"] = text
    if len(data) >= 128:
        envelope["dz"] = base64.b64encode(gzip.compress(data)).decode()
    elif data:
        envelope["d"] = base64.b64encode(data).decode()
    return ascii_json(envelope)
