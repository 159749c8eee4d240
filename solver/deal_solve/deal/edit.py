"""A deal with some of its fields changed, as if its file had been edited."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from deal_solve.deal.deal import Deal
from deal_solve.deal.load import deal_from, extended
from deal_solve.deal.numbers import parse_band, parse_number
from deal_solve.deal.problems import UNKNOWN_KEY
from deal_solve.deal.yaml_source import Loc, Source, dotted, loc_of, parse
from deal_solve.errors import InputError, Problem
from deal_solve.messages import MAX_LISTED_NAMES, counted, did_you_mean, shown


def varied(deal: Deal, changes: Mapping[str, Any]) -> Deal:
    """Return the deal with each field, by its dotted path, set to a value as the deal file would write it.

    An offer that extends a changed one changes with it. `….p50` of a quantity written as one number is that number, and
    of '900k ± 30%' its middle; an empty path part is created, so that a clause left at its default can be set; `*` in a
    path is every name that stands there. A deal that is signed in a month stays so, unless the change leaves one
    other. Raises InputError for a path that is no place in a deal, and with every problem of the deal that comes out.

    >>> varied(deal, {"offers.quote.api.overage": "contracted", "offers.quote.api.bands[1].discount": 0.12})
    """
    whole = deal_from(edited(deal, changes))
    if deal.whole is deal:
        return whole
    months = whole.signing_months
    return whole.signed_in(months[0] if len(months) == 1 else deal.signing_month)


def edited(deal: Deal, changes: Mapping[str, Any]) -> Source:
    """Return what the file of such a deal would hold, unchecked; raises InputError for a path that is no place."""
    source = Source(deal.file or "deal", copy.deepcopy(deal.written), dict(deal.lines))
    for path, value in changes.items():
        for place in places_of(deal, path):
            _set(source, place, value)
    return source


def value_at(deal: Deal, path: str) -> Any:
    """Return what stands at a dotted path, as the file writes it, or else the default.

    Raises InputError if nothing stands there, and for a path with `*` whose places do not all hold the same.
    """
    if "*" in path:
        found = [value_at(deal, place) for place in places_of(deal, path)]
        if any(value != found[0] for value in found):
            held = ", ".join(map(shown, found[:MAX_LISTED_NAMES]))
            raise InputError(Problem(path, f"stands for several values today ({held}); state the values"))
        return found[0]
    written = extended(Source(deal.file, deal.written))
    for data in (written, deal.model_dump(mode="json")):
        node: Any = data
        for index, part in enumerate(loc := loc_of(path)):
            if part == "p50" and index == len(loc) - 1 and not (isinstance(node, dict) and "p50" in node):
                return parse_band(node).p50
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        else:
            return node
    raise _nowhere(path, written, loc_of(path))


def paths_of(deal: Deal) -> Iterator[str]:
    """Yield the dotted path of every value of a deal: what stands in the file, then what is left at its default."""
    written = extended(Source(deal.file, deal.written))
    found = (*leaves(written, ()), *leaves(deal.model_dump(mode="json"), ()))
    for path in dict.fromkeys(map(dotted, (loc for loc, _ in found))):
        with suppress(InputError):  # a default of another form than what is written
            edited(deal, {path: None})
            yield path


def leaves(data: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    """Yield the place of every value below `loc`, and the value; an empty map is none."""
    below: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    if not below and loc and not isinstance(data, dict):
        yield loc, data
    for part, value in below:
        yield from leaves(value, (*loc, part))


def value_of(text: str) -> Any:
    """Return a value as the deal file would read it; what is written as a number is one, so that a column has one type.

    >>> value_of("contracted"), value_of("12%"), value_of("600k"), value_of("{premium: 10%}")
    ('contracted', 0.12, 600000, {'premium': '10%'})
    """
    try:
        return plain(parse_number(text))
    except ValueError:
        return parse(text, "a value").data


def plain(number: float) -> float:
    """Return a whole number as an integer."""
    return int(number) if number.is_integer() else number


def with_changes(deal: Deal, stated: Sequence[str]) -> Deal:
    """Return the deal with every 'PATH=VALUE' set, its title saying so; `*` in a path is every name that stands there.

    Raises InputError for what cannot be read, for a path that is no place, and with the problems of what comes out.

    >>> with_changes(deal, ["workloads.*.growth_per_year=10%"])
    """
    changes: dict[str, Any] = {}
    for text in stated:
        path, value = split_change(text)
        changes |= dict.fromkeys(places_of(deal, path), value_of(value))
    what_if = "; ".join(" = ".join(split_change(text)) for text in stated)
    try:
        changed = varied(deal, changes)
    except InputError as error:
        raise InputError([_of_option(deal, problem, changes) for problem in error.problems]) from None
    return changed.model_copy(update={"title": f"{deal.title or 'This deal'} (if {what_if})"})


def _of_option(deal: Deal, problem: Problem, changes: Mapping[str, Any]) -> Problem:
    """Return a problem as one of the option that sets a field, where it is at that field or below it."""
    path = next((path for path in changes if f"{problem.path}.".startswith((f"{path}.", f"{path}["))), None)
    if path is None:
        what_if = "; ".join(f"--set {path}" for path in changes)
        return Problem(problem.path, f"{problem.message} (with {what_if})", problem.file, problem.line)
    message = problem.message
    if message.startswith(UNKNOWN_KEY):
        alike = next((whole for known in paths_of(deal) for whole in _ending(known, path)), None)
        message = f"{UNKNOWN_KEY}; did you mean {alike!r}?" if alike else message
    below = problem.path[len(path) :]
    return Problem(f"--set {path}", f"{below}: {message}".lstrip(".") if below else message)


def _ending(known: str, path: str) -> Iterator[str]:
    """Yield the part of a known path that ends with another one, or with a longer name that begins with it.

    >>> [*_ending("workloads.bot.growth_per_year.p10", "growth")], [*_ending("workloads.bot.growth_per_year", "grow")]
    (['workloads.bot.growth_per_year'], [])
    """
    found = re.search(rf"\.{re.escape(path)}(_\w+)?(?=[.\[]|$)", known)
    if found:
        yield known[: found.end()]


def places_of(deal: Deal, path: str) -> Iterator[str]:
    """Yield the paths that one with `*` stands for; any other is itself.

    Raises InputError where no names stand, and for a `*` that is no whole part.

    >>> list(places_of(deal, "workloads.*.growth_per_year"))
    """
    if "*" not in path:
        yield path
        return
    head, star, tail = path.partition(".*")
    if not star or "*" in head or not f"{tail}.".startswith((".", "[")):
        raise InputError(Problem(path, "* stands for names only; expected a path like workloads.*.growth_per_year"))
    found = value_at(deal, head)
    if not isinstance(found, dict) or not found:
        raise InputError(Problem(path, f"{head} has no names that * could stand for"))
    for name in found:
        yield from places_of(deal, f"{head}.{name}{tail}")


def split_change(text: str) -> tuple[str, str]:
    """Return the dotted path and the value of 'PATH=VALUE'; raises InputError for anything else.

    >>> split_change("offers.quote.api.bands[2].discount = 5%:20%")
    ('offers.quote.api.bands[2].discount', '5%:20%')
    """
    path, _, value = (part.strip() for part in text.partition("="))
    if not path or not value:
        raise InputError(Problem(text, "does not say which field has which value; expected PATH=VALUE"))
    return path, value


def _set(source: Source, path: str, value: Any) -> None:
    loc = loc_of(path)
    if not loc or dotted(loc) != path:
        raise InputError(Problem(path, "is not a path; expected one like offers.quote.api.bands[1].discount"))
    whole, node = extended(source), source.data
    for index, part in enumerate(loc):
        whole = _step(whole, part)
        if index == len(loc) - 1:
            _put(source, loc, node, value)
            return
        below = _step(node, part)
        is_name = index == 1 and _holds_names(loc[0])  # no new offer by a typo
        if below is None and isinstance(node, dict) and (whole is not None or not is_name):
            # A map is written as far as needed, and merged with that of the offer it extends; a list is one whole.
            below = node[part] = copy.deepcopy(whole) if isinstance(whole, list) else {}
        if not isinstance(below, dict | list):
            if loc[index + 1 :] == ("p50",) and below is not None:
                _put(source, loc[: index + 1], node, _around(below, value))
                return
            raise _nowhere(path, extended(source), loc)
        node = below


def _holds_names(section: str | int) -> bool:
    """Whether a section of a deal is a map from names that the buyer chooses."""
    field = Deal.model_fields.get(str(section))
    return field is None or isinstance(field.get_default(call_default_factory=True), dict)


def _step(node: Any, part: str | int) -> Any:
    try:
        return node[part]
    except (KeyError, IndexError, TypeError):
        return None


def _put(source: Source, loc: Loc, node: Any, value: Any) -> None:
    if isinstance(node, list) and _step(node, loc[-1]) is None:
        raise _nowhere(dotted(loc), source.data, loc)
    node[loc[-1]] = value


def _around(written: Any, middle: Any) -> Any:
    """Return a number or 'middle ± half' with another middle."""
    for sign in ("±", "+/-", "+-"):
        if isinstance(written, str) and sign in written:
            return f"{middle} {sign} {written.split(sign)[1].strip()}"
    return middle


def _nowhere(path: str, data: Any, loc: Loc) -> InputError:
    """Return the error for a path that leads nowhere, with what stands where it leaves the deal."""
    node = data
    for index, part in enumerate(loc):
        below = _step(node, part)
        if below is None:
            parent = dotted(loc[:index]) or "the deal"
            if isinstance(node, dict):
                return InputError(Problem(path, f"{parent} has no {part!r}{did_you_mean(part, node)}"))
            if isinstance(node, list):
                return InputError(
                    Problem(path, f"{parent} has {counted(len(node), 'entry', 'entries')}, [0] to [{len(node) - 1}]")
                )
            return InputError(Problem(path, f"{parent} is one value, {node!r}; expected a path that ends there"))
        node = below
    return InputError(Problem(path, "is not a field of this deal"))
