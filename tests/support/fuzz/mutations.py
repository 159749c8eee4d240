"""Mutations of plain data and of the text that it is written as; every choice is made through a `Draw`."""

import copy
import json
from typing import Any

import yaml

from tests.support.generators import Draw

Data = dict[str, Any]
Place = tuple[Any, Any]
"""A map or a list, and a key of it."""

ODD = (
    *(0, -1, 1, 2, 0.5, 1e-9, 1e-300, 1e15, 1.1e15, 1e16, 1e308, float("inf"), float("nan"), -0.0, 10**30),
    *("", " ", "-", "0%", "100%", "101%", "-100%", "1e400", "0x10", "1_000", "1,000", "1.500", "²", "½", "٣"),
    *("14M ± 20%", "5 ± 500%", "±", "yes", "no", "null", "~", "2027-13", "9999-12", "2027-01", "2026-02-30"),
    *("none", "list", "opus", "today", "quote", "seats", "claude@1999-01-01", "../../x", "a.b[0]", "=1+1", "${x}"),
    *("\x1b[2J\x07", "\u202e", "😀 中文", "x" * 300, "9" * 300, "$x_{", "%s%n", "\x00", "\ud800"),
    *(None, True, False, [], {}, [[]], [None], {"": None}, {"p10": 1, "p90": 2}, {"low": 2, "high": 1}),
)


def places(node: Any) -> list[Place]:
    """Return every place in plain data."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [*((node, key) for key in keys), *(place for key in keys for place in places(node[key]))]


def moved(c: Draw, data: Data) -> Data:
    """Return data with one to three numbers moved, and now and then a part left out: most are still what they were."""
    made = copy.deepcopy(data)
    for _ in range(c.weighted((1, 5), (2, 3), (3, 1))):
        found = [(node, key) for node, key in places(made) if is_number(node[key])]
        if found and c.chance(80):
            node, key = found[c.integer(0, len(found) - 1)]
            value = node[key]
            node[key] = c.pick(value * 2, value / 2, value + 1, value * 10, value / 10, value * 1e3, value * 1e-3, 0, 1)
        elif below := places(made):
            _dropped(c, *below[c.integer(0, len(below) - 1)], None, {})
    return made


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def mutated(c: Draw, data: Data, other: Data) -> Data:
    """Return data with one to four mutations; `other` lends its parts."""
    made = copy.deepcopy(data)
    for _ in range(c.weighted((1, 5), (2, 3), (3, 1), (4, 1))):
        found = places(made)
        if not found:
            break
        _mutate(c, *found[c.integer(0, len(found) - 1)], other)
    return made


def _mutate(c: Draw, node: Any, key: Any, other: Data) -> None:
    value = node[key]
    kinds = ((_odd, 4), (_scaled, 5), (_dropped, 3), (_lent, 4), (_renamed, 2), (_doubled, 2), (_swapped, 2))
    c.weighted(*kinds)(c, node, key, value, other)


def _odd(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    node[key] = copy.deepcopy(c.pick(*ODD))


def _scaled(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    """Move a number: by powers of ten, to its neighbours, to the other side."""
    if not is_number(value):
        return _odd(c, node, key, value, other)
    node[key] = c.pick(value * 10, value / 10, value + 1, value - 1, -value, value * 1e6, value * 1e-6, 0, str(value))
    return None


def _dropped(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    del node[key]


def _lent(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    """Take what stands under the same key elsewhere, or anything else of the other data."""
    found = places(other)
    alike = [place for place in found if place[1] == key] or found
    if alike:
        lender, place = alike[c.integer(0, len(alike) - 1)]
        node[key] = copy.deepcopy(lender[place])


def _renamed(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    if isinstance(node, dict):
        del node[key]
        name = str(key)
        node[c.pick(name + "s", name[:-1], name.upper(), "", "\x1b[31m", name * 30, "x-1", "😀")] = value


def _doubled(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    if isinstance(node, list):
        node.insert(key, copy.deepcopy(value))
    else:
        node[f"{key}-2"] = copy.deepcopy(value)


def _swapped(c: Draw, node: Any, key: Any, value: Any, other: Data) -> None:
    keys = list(node) if isinstance(node, dict) else range(len(node))
    to = keys[c.integer(0, len(keys) - 1)]
    node[key], node[to] = node[to], node[key]


def written(c: Draw, data: Any) -> bytes:
    """Return data as the bytes of a file, as YAML or JSON, now and then damaged."""
    if c.chance(50):
        text = json.dumps(data, ensure_ascii=c.chance(50))
    else:
        text = yaml.safe_dump(data, allow_unicode=c.chance(50), sort_keys=False)
    raw = text.encode("utf-8", "surrogatepass")
    return _damaged(c, raw) if c.chance(8) else raw


def _damaged(c: Draw, raw: bytes) -> bytes:
    at = c.integer(0, len(raw))
    lines = raw.split(b"\n")
    line = c.integer(0, len(lines) - 1)
    return c.pick(
        raw[:at],
        raw[:at] + bytes([c.integer(0, 255)]) + raw[at + 1 :],
        raw[:at] + raw[at + c.integer(1, 40) :],
        b"\n".join([*lines[:line], lines[line], *lines[line:]]),
        b"\n".join([*lines[:line], b"\t" + lines[line], *lines[line + 1 :]]),
        raw.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + raw,
        b"\xff\xfe" + raw.decode("utf-8", "replace").encode("utf-16-le"),
        b"&a " + raw + b"\nb: *a\n",
        b"",
    )
