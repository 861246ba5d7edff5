"""Sets of targets."""

import base64
import hashlib

from checks import BASE64, is_text


def hash_of(run_id, agent_id, size):
    digest = hashlib.sha256(f"ec2-collective/targets\n{run_id}\n{agent_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * size >> 34


def hashes_in(text):
    """None for a text that is no set."""
    if not is_text(text, BASE64):
        return None
    data = base64.b64decode(text)
    if len(data) < 4 or base64.b64encode(data).decode() != text:
        return None
    size = int.from_bytes(data[:4], "big")
    if not 1 <= size <= 100_000 or not 4 + (31 * size + 7) // 8 <= len(data) <= 4 + 4 * size:
        return None
    bits = "".join(format(byte, "08b") for byte in data[4:])
    hashes, at, last = [], 0, 0
    for _ in range(size):
        zero = bits.find("0", at)
        if zero == -1 or zero + 31 > len(bits):
            return None
        last += (zero - at << 30) + int(bits[zero + 1 : zero + 31], 2)
        if last >= size << 30:
            return None
        hashes.append(last)
        at = zero + 31
    return hashes if len(bits) - at < 8 and "1" not in bits[at:] else None


def is_in_set(text, run_id, agent_id):
    hashes = hashes_in(text) or []
    return hash_of(run_id, agent_id, len(hashes)) in hashes
