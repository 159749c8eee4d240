"""YAML 1.2 and JSON text to plain data, remembering the line of every key (one dialect, no surprises)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deal_solve.errors import InputError, Problem
from deal_solve.files import opened
from deal_solve.messages import counted, os_reason

MAX_BYTES = 5_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_TEXT = 4_000
"""Characters of one value: no number, name or sentence of a deal has nearly as many."""

Loc = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?\d+")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_GROUPED = re.compile(r"[1-9]\d{0,2}\.\d{3}[kKMB]?")
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""A character beyond U+FFFF as JSON escapes it, in two halves; YAML knows no halves."""
_PART = re.compile(r"([^.\[\]]+)(?=[.\[]|$)|\[(\d{1,9})\]")
_SLIPS = {
    "mapping values are not allowed in this context": " (a text with ': ' in it stands in quotes)",
    "did not find expected key": " (is the line indented as its neighbours are?)",
}
"""What is mostly meant by a message of the parser."""
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass
class Source:
    """Plain data with the line on which each path stands."""

    file: str
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    grouped: dict[Loc, str] = field(default_factory=dict)
    """Numbers with three digits after the point, as they are written: 1.500."""

    def line(self, loc: Loc) -> int | None:
        """Return the line of `loc`, or of its nearest parent that stands in the file."""
        for length in range(len(loc), -1, -1):
            if loc[:length] in self.lines:
                return self.lines[loc[:length]]
        return None

    def placed(self, problem: Problem) -> Problem:
        """Return a problem known by its dotted path with the line on which that stands, if it stands in the file."""
        line = next((line for loc, line in self.lines.items() if loc and dotted(loc) == problem.path), None)
        return problem if line is None else Problem(problem.path, problem.message, self.file, line)

    def problem(self, loc: Loc, message: str) -> Problem:
        """Return a problem at `loc`."""
        return Problem(dotted(loc), message, self.file, self.line(loc))


@dataclass(frozen=True)
class Origin:
    """Where something was read: its file, the line of each path, and the plain data that were there.

    It is no part of what was read: all origins compare equal, so that two deals that say the same are equal.
    """

    file: str = field(default="", compare=False)
    lines: Mapping[Loc, int] = field(default_factory=dict, compare=False)
    data: Mapping[str, Any] | None = field(default=None, compare=False)
    grouped: Mapping[Loc, str] = field(default_factory=dict, compare=False)


def dotted(loc: Loc) -> str:
    """Return a path as buyers write it.

    >>> dotted(("offers", "quote", "api", "bands", 2))
    'offers.quote.api.bands[2]'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def loc_of(path: str) -> Loc:
    """Return the place that a dotted path of ids names.

    >>> loc_of("offers.quote.api.bands[2]")
    ('offers', 'quote', 'api', 'bands', 2)
    """
    return tuple(word or int(number) for word, number in _PART.findall(path))


def read_text(path: Path) -> str:
    """Return the text of a file; raises InputError if it is missing, too large or not UTF-8 text."""
    try:
        with opened(path) as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(Problem("", f"cannot be read: {os_reason(error)}", str(path))) from None
    if len(raw) > MAX_BYTES:
        raise InputError(
            Problem("", f"is larger than {MAX_BYTES // 1_000_000} MB; a deal file has a few kilobytes", str(path))
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Problem("", f"is not UTF-8 text (byte {error.start}); save it as UTF-8", str(path))) from None


def parse(text: str, file: str) -> Source:
    """Return the data of one YAML or JSON document; raises InputError with every duplicate key and tag at once."""
    source = Source(file)
    try:
        text = _PAIR.sub(_joined, text) if text.lstrip()[:1] in ("{", "[") else text
        _guard(text, source)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        if "nesting" in (error.problem or ""):  # the parser's own limit, met while it looks ahead
            raise InputError(Problem("", f"cannot be read: {_too_deep(line)}", file)) from None
        message = f"is not valid YAML: {error.problem or error.context}"
        if text[:1] not in "{[" and "\t" in "".join(text.splitlines()[(line or 1) - 1 : line or 1])[:40]:
            message += " (is there a tab? YAML is indented with spaces)"
        else:
            message += _SLIPS.get(error.problem or "", "")
        raise InputError(Problem("", message, file, line)) from None
    except (yaml.YAMLError, _TooMuchError, RecursionError) as error:
        raise InputError(Problem("", f"cannot be read: {' '.join(str(error).split())}", file)) from None
    if node is None:
        raise InputError(Problem("", "is empty; `deal-solve init` writes a starter", file))
    source.data = _Builder(source).build(node, (), 0)
    if source.problems:
        raise InputError(source.problems)
    return source


def _joined(halves: re.Match[str]) -> str:
    units = bytes.fromhex(halves[2] + halves[3])
    return halves[1] + units.decode("utf-16-be")


class _TooMuchError(Exception):
    pass


def _too_deep(line: int | None) -> str:
    return f"nested deeper than {MAX_DEPTH} levels (line {line})"


def _guard(text: str, source: Source) -> None:
    """Note every tag, and refuse text that would be costly to build: too deep or too many nodes."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if tag:
            message = f"has the YAML tag {tag!r}; tags are not read, write the plain value"
            source.problems.append(Problem("", message, source.file, line))
        if depth > MAX_DEPTH:
            raise _TooMuchError(_too_deep(line))
        if count > MAX_NODES:
            raise _TooMuchError(f"more than {MAX_NODES:,} values")


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = 0

    def build(self, node: Any, loc: Loc, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            raise InputError(
                self.source.problem(loc[:1], f"expands to more than {MAX_NODES:,} values; write it without aliases")
            )
        if depth > MAX_DEPTH:
            raise InputError(self.source.problem(loc[:1], "refers to itself; write it without aliases"))
        self.source.lines.setdefault(loc, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, loc, depth))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*loc, index), depth + 1) for index, item in enumerate(node.value)]
        self._refuse_long(node, loc)
        if _GROUPED.fullmatch(node.value):
            self.source.grouped[loc] = node.value
        return _scalar(node)

    def _refuse_long(self, node: Any, loc: Loc) -> bool:
        """Note a value or a key of too many characters."""
        is_long = len(node.value) > MAX_TEXT
        if is_long:
            message = f"has {counted(len(node.value), 'character')}; expected at most {MAX_TEXT:,}"
            self.source.problems.append(Problem(dotted(loc), message, self.source.file, node.start_mark.line + 1))
        return is_long

    def _pairs(self, node: Any, loc: Loc, depth: int) -> Iterator[tuple[Any, Any]]:
        seen: dict[Any, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.source.problems.append(Problem(dotted(loc), "a key must be plain text", self.source.file, line))
                continue
            if self._refuse_long(key_node, loc):
                continue
            key = _scalar(key_node)
            if not isinstance(key, str | int) or isinstance(key, bool):
                key = key_node.value
            here = (*loc, str(key))
            if seen and _is_cut_off(key_node, value_node):
                message = "is cut at a comma inside a number; write 4000000 or 4M, not 4,000,000"
                problem = Problem(dotted((*loc, next(reversed(seen)))), message, self.source.file, line)
                self.source.problems += [problem] * (problem not in self.source.problems)
                continue
            if str(key) in seen:
                message = f"the key stands twice (first on line {seen[str(key)]}); remove one of them"
                self.source.problems.append(Problem(dotted(here), message, self.source.file, line))
            seen[str(key)] = line
            self.source.lines[here] = line
            yield str(key), self.build(value_node, here, depth + 1)


def _is_cut_off(key: yaml.ScalarNode, value: yaml.Node) -> bool:
    """Whether a key without a value is three digits of a number: {p50: 4,000} is read as p50: 4 and 000."""
    is_empty = isinstance(value, yaml.ScalarNode) and value.value == "" and not value.style
    return is_empty and re.fullmatch(r"\d{3}(\.\d+)?", key.value) is not None


def _scalar(node: Any) -> Any:
    """Return the value of a scalar by the core schema of YAML 1.2: yes, no, 0x10 and 12:30 are text."""
    text = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 20 else float(text)
    return float(text) if _FLOAT.fullmatch(text) else text
