"""From a deal file to a validated `Deal`, with every problem reported at once."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deal_solve.deal.cross_checks import broken_references
from deal_solve.deal.deal import SCHEMA, Deal
from deal_solve.deal.problems import MISSING, place_of, problems_of, written_place
from deal_solve.deal.yaml_source import Loc, Origin, Source, dotted, loc_of, parse, read_text
from deal_solve.errors import InputError, Problem
from deal_solve.messages import did_you_mean, unknown

_UNKNOWN = re.compile(r"there is no [\w -]+ '")
"""What is said of a name that is not known; anything else in a malformed part may be due to what is lacking there."""
MAX_SOURCES = 100
"""Wrong paths of `sources` that are named: each is compared with every path of the file."""
MAX_ROUNDS = 20
"""So often malformed parts are taken out of a deal until the rest can be read."""
MAX_EXTENDS = 20
"""Offers that extend one another."""


def load(path: str | Path) -> Deal:
    """Read, check and return the deal in `path`.

    Raises InputError with every problem in the file, each with its line, its dotted path, what is wrong and what was
    expected.
    """
    path = Path(path)
    source = parse(read_text(path), str(path))
    data = source.data
    if isinstance(data, dict) and isinstance(data.get("rates"), str) and data["rates"].endswith((".yaml", ".json")):
        overrides = path.parent / data["rates"]
        source.data = {**data, "rates": parse(read_text(overrides), str(overrides)).data}
    return deal_from(source)


def loads(text: str, name: str = "deal") -> Deal:
    """Return the deal written in `text`; `name` stands for the file in messages."""
    return deal_from(parse(text, name))


def deal_from(source: Source) -> Deal:
    """Return the deal of parsed data; raises InputError with every problem."""
    if not isinstance(source.data, dict):
        raise InputError(source.problem((), "is not a deal; expected a map with start, workloads, cohorts …"))
    problems: list[Problem] = []
    data = _extend_offers(source, problems)
    version = data.setdefault("schema", SCHEMA)
    if version != SCHEMA:
        raise InputError(source.problem(("schema",), f"{version!r} is not known here; expected {SCHEMA}"))
    try:
        deal = Deal.part_of_file(data, context=Origin(source.file, source.lines, source.data, source.grouped))
        deal.card  # noqa: B018 - an unknown card is an input error too
    except ValidationError as error:
        children = [name for name, offer in _maps(source.data.get("offers")).items() if "extends" in _maps(offer)]
        hollow = tuple(f"offers.{name}" for name in children if problems)  # a broken extends leaves its children empty
        problems += [each for each in problems_of(error, source, Deal, data) if not _is_hollow(each, hollow)]
        problems += _references_of_the_rest(source, data, error)
        raise InputError(_in_file_order(_stated_once(source, problems))) from None
    except InputError as error:
        problems += [*_at_rates(source, error), *_references_of_the_rest(source, data, None)]
        raise InputError(_in_file_order(_stated_once(source, problems))) from None
    problems += [source.problem(loc, message) for loc, message in broken_references(deal)]
    stated = (
        dict.fromkeys(sorted(dotted(loc) for loc in source.lines if loc and loc[0] != "sources"))
        if deal.sources
        else {}
    )
    problems += [
        source.problem(("sources", path), f"there is no {path!r} in this file{did_you_mean(path, stated)}")
        for path in itertools.islice((path for path in deal.sources if path not in stated), MAX_SOURCES)
        if stated  # data that no file was read for have no places
    ]
    if problems:
        raise InputError(_in_file_order(_stated_once(source, problems)))
    return deal


def extended(source: Source) -> dict[str, Any]:
    """Return the data of a deal that is known to be right, with `extends` resolved."""
    return _extend_offers(source, [])


def _maps(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _is_hollow(problem: Problem, hollow: tuple[str, ...]) -> bool:
    """Whether an offer lacks something only because what it extends is not known."""
    below = tuple(f"{path}." for path in hollow)
    return problem.path in hollow or (problem.path.startswith(below) and problem.message.startswith(MISSING))


def _stated_once(source: Source, problems: list[Problem]) -> list[Problem]:
    """Return the problems without those that an offer has from one that it extends."""
    found = {(problem.path, problem.message) for problem in problems}
    return [
        problem
        for problem in problems
        if not any((path, problem.message) in found for path in _inherited_from(source, problem.path))
    ]


def _inherited_from(source: Source, path: str) -> Iterator[str]:
    """Yield where the same stands in the offers that the offer of a path extends."""
    offers, (part, name, *_) = _maps(source.data.get("offers")), (*loc_of(path), "", "")
    names = [str(name)]
    while part == "offers" and len(names) <= MAX_EXTENDS:
        above = _maps(offers.get(names[-1])).get("extends")
        if not isinstance(above, str) or above in names:
            return
        names.append(above)
        yield path.replace(f"offers.{name}", f"offers.{above}", 1)


def _in_file_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line or 0, problem.path))


def _extend_offers(source: Source, problems: list[Problem]) -> dict[str, Any]:
    """Return the data with `extends` resolved: maps merge, lists replace, null removes."""
    data = dict(source.data)
    offers = data.get("offers")
    if not isinstance(offers, dict):
        return data
    done: dict[str, Any] = {}

    def resolve(name: str, trail: tuple[str, ...]) -> Any:
        if name in done:
            return done[name]
        offer = offers[name]
        if not isinstance(offer, dict) or "extends" not in offer:
            done[name] = offer
            return offer
        base, loc = offer["extends"], ("offers", name, "extends")
        own = {key: value for key, value in offer.items() if key != "extends"}
        if not isinstance(base, str):
            problems.append(source.problem(loc, f"expected the id of another offer, found {base!r}"))
        elif base not in offers:
            problems.append(source.problem(loc, unknown("offer", base, offers)))
        elif len(trail) >= MAX_EXTENDS:
            problems.append(source.problem(loc, f"is one of more than {MAX_EXTENDS} offers that extend one another"))
        elif base in (*trail, name):
            problems.append(source.problem(loc, f"goes in a circle: {' → '.join((*trail, name, base))}"))
        else:
            parent = resolve(base, (*trail, name))
            parent = parent if isinstance(parent, dict) else {}
            own = _merge({key: value for key, value in parent.items() if key != "on_the_table"}, own)
        done[name] = own
        return own

    data["offers"] = {name: resolve(name, ()) for name in offers}
    return data


def _merge(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _at_rates(source: Source, error: InputError) -> list[Problem]:
    """Return what is wrong with a rate card, at the place where it is named."""
    found = [Problem(problem.path or "rates", problem.message, source.file) for problem in error.problems]
    return [source.placed(problem) for problem in found]


def _without_card(rest: Any) -> bool:
    """Take the name of the rate card out of a deal, so that the newest one is used; whether there was one."""
    rates = rest.pop("rates", None)
    if isinstance(rates, dict):
        rest["rates"] = {key: value for key, value in rates.items() if key != "card"}
    return rates is not None and rest.get("rates") != rates


def _references_of_the_rest(source: Source, data: dict[str, Any], error: ValidationError | None) -> list[Problem]:
    """Return the broken references of what remains of a deal when its malformed parts are taken out.

    Without an error it is the rate card that is not known, which has been said; beside another one it is said here.
    """
    pruned: set[str] = set()
    emptied: set[Loc] = set()
    places: set[Loc] = set()
    stood_in: set[Loc] = set()
    rest: Any = copy.deepcopy(data)
    of_card: list[Problem] = []
    if error is None:
        _without_card(rest)
    for _ in range(MAX_ROUNDS):
        for item in error.errors() if error else ():
            loc = written_place(rest, place_of(item))
            if item["type"] == "missing" and loc in places - stood_in:
                _put(rest, loc, 1)  # what stood there was malformed: any number does
                stood_in.add(loc)
                continue
            places.add(loc)
            loc = loc[:-1] if item["type"] == "missing" else loc
            if item["loc"] == ("start",):
                rest["start"] = "2000-01"
            elif loc:
                pruned.update(map(str, loc))
                _prune(rest, loc)
                emptied.add(loc[:-1])
        try:
            deal = Deal.part_of_file(rest)
            findings = broken_references(deal)
        except ValidationError as again:
            error = again
            continue
        except InputError as of_rates:
            if not _without_card(rest):
                return of_card
            of_card, error = _at_rates(source, of_rates), None
            continue
        except KeyError:
            return of_card
        owners = {loc[:2] for loc in places}
        return (
            of_card
            + [
                source.problem(loc, text)
                for loc, text in findings
                if loc  # the rest may lack what the file has
                and not (loc in emptied and "values" in text)
                and not any(f"'{name}'" in text for name in pruned)
                and (_UNKNOWN.search(text) or not any(loc[: len(owner)] == owner for owner in owners))
                and not (loc[-1] == "starts" and {("start",), ("horizon_months",)} & owners)
            ]
        )
    return of_card


def _put(data: Any, loc: Loc, value: Any) -> None:
    """Set what stands at `loc`, where there is something that could hold it."""
    node = data
    for part in loc[:-1]:
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(node, dict):
        node[loc[-1]] = value


def _prune(data: Any, loc: Loc) -> None:
    """Remove what stands at `loc`; a list keeps its length, so that later places stay true."""
    node = data
    for part in loc[:-1]:
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(node, dict):
        node.pop(loc[-1], None)
    elif isinstance(node, list):
        node.clear()
