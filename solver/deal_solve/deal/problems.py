"""What a validator found, in the words of the file: where it stands, what is wrong, and what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from deal_solve.deal.yaml_source import Loc, Source
from deal_solve.errors import MAX_PROBLEMS, Problem
from deal_solve.messages import counted, did_you_mean, nearest, one_of, shown

WORD_OR_MAP: set[str] = set()
"""Models that stand where a plain word may stand (`base.DealModel`); pydantic names them in the place of an error."""
UNKNOWN_KEY = "is not a known key"
MISSING = "is missing"
_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
_MISSING_KEY = ("missing", "missing_argument", "missing_keyword_only_argument")
_LIMITS = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
}
_KINDS = {
    "string": "text",
    "bool": "yes or no",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "decimal": "a number",
    "date": "a date like 2026-11-23",
    "datetime": "a date like 2026-11-23",
}
"""What is expected, by the first word of the kind of an error."""
_OF_WHAT = {"a number": " of numbers, like [1, 2]", "text": " of names, like [a, b]", "": ""}
MAX_NAMED_KEYS = 8
_DATE = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2})?")


def problems_of(error: ValidationError, source: Source, model: type[Any], data: Any = None) -> list[Problem]:
    """Return pydantic's findings in the words and lines of the file; `data` where it is not what the file has."""
    data = source.data if data is None else data
    errors = [(item, written_place(data, place_of(item))) for item in error.errors()[:MAX_PROBLEMS]]
    problems: dict[tuple[str, str], Problem] = {}
    meant = {
        (*loc[:-1], nearest(loc[-1], known_keys(model, loc[:-1])))
        for item, loc in errors
        if item["type"] in _UNKNOWN_KEY
    }
    words = {loc for item, loc in errors if item["type"] == "literal_error"}
    for item, loc in errors:
        if (loc in meant and item["type"] in _MISSING_KEY) or (loc in words and item["type"].endswith("_type")):
            continue  # a misspelt key says which one is missing; a word that is not possible says what is
        if not _is_echo(item, loc, errors):
            problem = source.problem(loc, _as_date(item, loc, source.data) or _message(item, loc, model))
            problems[problem.path, problem.message] = problem
    return list(problems.values())


def place_of(item: Any) -> Loc:
    """Return where an error stands in the file: without the parts that name validators or members of a union."""
    internal = ("function-", "literal[", "tuple[", "constrained-", "[key]")
    loc: Loc = item["loc"]
    kept = [part for part in loc if not (isinstance(part, str) and (part.startswith(internal) or part in WORD_OR_MAP))]
    is_key = item["type"] in _UNKNOWN_KEY and (not kept or kept[-1] != loc[-1])
    return (*kept, loc[-1]) if is_key else tuple(kept)


def written_place(data: Any, loc: Loc) -> Loc:
    """Return a place no deeper than what is written: a number that stands for a map has no places in it."""
    for depth, part in enumerate(loc):
        if isinstance(data, str | int | float):
            return loc[:depth]
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return loc
    return loc


def _as_date(item: Any, loc: Loc, data: Any) -> str:
    """Return how to write a date where months are counted; '' where no date stands or a date is meant."""
    given = item["input"]
    field = next((part for part in reversed(loc) if isinstance(part, str)), "")
    if "month" not in field or "number" not in str(item.get("ctx", {}).get("error", "")):
        return ""
    if not (isinstance(given, str) and (found := _DATE.fullmatch(given.strip()))):
        return ""
    text = f"{given!r} is a date; expected a number of months, counted from the start"
    start = _DATE.fullmatch(str(data.get("start", ""))) if isinstance(data, dict) else None
    if start is None:
        return text
    months = 12 * (int(found[1]) - int(start[1])) + int(found[2]) - int(start[2])
    return f"{text}: {months} for {found[1]}-{found[2]}" if months >= 0 else f"{text} in {start[1]}-{start[2]}"


def _is_echo(item: Any, loc: Loc, errors: list[tuple[Any, Loc]]) -> bool:
    """Whether a finding says again what another one at or below its place says better."""
    match item["type"]:
        case "model_type":  # a plain word where a word or a map may stand: the word's own finding says it
            return _in_union(item)
        case "literal_error":  # a map where a word or a map may stand: the map's own findings say it
            return isinstance(item["input"], dict) and any(_in_union(other) for other, _ in _inside(loc, errors))
        case "too_short":  # a list whose items are wrong counts as empty: the items' own findings say it
            return len(_inside(loc, errors)) > 1
    return False


def _inside(loc: Loc, errors: list[tuple[Any, Loc]]) -> list[tuple[Any, Loc]]:
    return [(item, other) for item, other in errors if other[: len(loc)] == loc]


def _in_union(item: Any) -> bool:
    """Whether an error is inside a model that stands where a plain word may stand (`overage.Premium`)."""
    return any(str(part).rstrip("]").split(", ")[-1] in WORD_OR_MAP for part in item["loc"])


def _message(item: Any, loc: Loc, model: type[Any]) -> str:
    kind, given, context = item["type"], item["input"], item.get("ctx", {})
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{shown(given)} is not possible; expected {words.format(f'{context[name]:g}')}"
    match kind:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return UNKNOWN_KEY + did_you_mean(loc[-1], known_keys(model, loc[:-1]))
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            meaning = _node(model, loc).get("description", "")
            return f"{MISSING}: {meaning}" if meaning else MISSING
        case "literal_error":
            maps = [] if "[key]" in item["loc"] else _maps(model, loc)
            return f"{shown(given)} is not possible; expected {', or '.join([context['expected'], *maps])}"
        case "value_error":
            return str(context["error"])
        case "too_short":
            return f"expected at least {context['min_length']}, found {context['actual_length']}"
        case "too_long":
            return f"expected at most {context['max_length']}, found {context['actual_length']}"
        case "string_too_long":
            return f"has {counted(len(given), 'character')}; expected at most {context['max_length']}"
        case "string_type":
            return f"expected text, found {shown(given)} (put it in quotes if it is meant as text)"
    expected = _KINDS.get(kind.partition("_")[0]) or described(model, loc)
    return f"expected {expected}, found {shown(given)}"


def known_keys(model: type[Any], loc: Loc) -> list[str]:
    """Return the keys that the map at `loc` may have."""
    options = _options(_node(model, loc), model)
    return next((list(option["properties"]) for option in options if "properties" in option), [])


def described(model: type[Any], loc: Loc) -> str:
    """Return in words what may stand at `loc`, a map with its keys."""
    words = [_in_words(option, model) for option in _options(_node(model, loc), model)]
    return ", or ".join(dict.fromkeys(word for word in words if word)) or "another value"


def _maps(model: type[Any], loc: Loc) -> list[str]:
    """Return in words which maps and lists may stand at `loc`."""
    options = _options(_node(model, loc), model)
    return [_in_words(option, model) for option in options if option.get("type") in ("object", "array")]


def _in_words(node: Mapping[str, Any], model: type[Any]) -> str:
    if "enum" in node or "const" in node:
        return one_of([str(word) for word in node.get("enum", [node.get("const")])])
    if "properties" in node:
        return f"a map with {_named(node)}"
    match node.get("type"):
        case "object":
            below = [_in_words(option, model) for option in _options(node.get("additionalProperties", {}), model)]
            inner = ", or ".join(dict.fromkeys(word for word in below if word))
            return f"a map of names, each with {inner.removeprefix('a map with ')}" if inner else "a map of names"
        case "array":
            below = [_in_words(option, model) for option in _options(node.get("items", {}), model)]
            return f"a list{_OF_WHAT.get(below[0], f', each entry {below[0]}')}" if below else "a list"
        case "number" | "integer":
            return "a number"
        case "boolean":
            return "yes or no"
        case "string":
            return "" if "pattern" in node else "text"
    return ""


def _named(node: Mapping[str, Any]) -> str:
    """Return the keys of a map, those it needs first."""
    needed = list(node.get("required", ()))
    keys = [*needed, *(key for key in node["properties"] if key not in needed)]
    return ", ".join([*keys[:MAX_NAMED_KEYS], *(["…"] if len(keys) > MAX_NAMED_KEYS else [])])


@cache
def _schema(model: type[Any]) -> dict[str, Any]:
    return TypeAdapter(model).json_schema(by_alias=True)


def _options(node: Any, model: type[Any]) -> list[dict[str, Any]]:
    """Return what a node of the schema may be, references and alternatives resolved; null is none of them."""
    if not isinstance(node, dict):
        return []
    if "$ref" in node:
        return _options(_schema(cast(Any, model)).get("$defs", {})[node["$ref"].rsplit("/", 1)[-1]], model)
    if "anyOf" in node:
        return [option for each in node["anyOf"] for option in _options(each, model)]
    if "allOf" in node:
        return _options(node["allOf"][0], model)
    return [] if node.get("type") == "null" else [{**node, "type": "object"} if "properties" in node else node]


def _node(model: type[Any], loc: Loc) -> Any:
    """Return the part of a model's schema that describes what stands at `loc`; {} where nothing does."""
    node: Any = _schema(cast(Any, model))
    for part in loc:
        key = "items" if isinstance(part, int) else "additionalProperties"
        options = _options(node, model)
        patterns = [each for option in options for each in option.get("patternProperties", {}).values()]
        below = [option.get("properties", {}).get(str(part)) or option.get(key) for option in options]
        node = next((each for each in (*patterns, *below) if isinstance(each, dict)), {})
    return node
