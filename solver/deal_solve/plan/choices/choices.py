"""Choices in the deal's own words, `offer=counter` or `seats.enterprise=300`, as parts of a plan that are forced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from deal_solve.deal.deal import Deal
from deal_solve.deal.model_names import canonical_option
from deal_solve.deal.money import CENT_TOLERANCE_USD, EXACT_USD
from deal_solve.deal.numbers import parse_count, parse_number
from deal_solve.errors import InputError, Problem
from deal_solve.messages import counted, one_of, unknown, usd
from deal_solve.plan.choices.restriction import Restriction, merged
from deal_solve.plan.offers import offer_problem
from deal_solve.plan.resolved import resolve

Data = dict[str, Any]
FORMS = (
    "offer=NAME, term=MONTHS, band=USD, commitment=USD, seats.TYPE=COUNT, seats.TYPE.offer=NAME, "
    "seats.TYPE.term=MONTHS, track.COHORT=TRACK, project.WORKLOAD.PROJECT=yes|no, routing.WORKLOAD=OPTION"
)


def split_choices(choices: Iterable[str]) -> tuple[str, ...]:
    """Return single choices; several stand together with commas.

    >>> split_choices(["offer=counter, term=24", "band=1M"])
    ('offer=counter', 'term=24', 'band=1M')
    """
    return tuple(part.strip() for choice in choices for part in choice.split(",") if part.strip())


def restriction_from(deal: Deal, choices: Iterable[str]) -> Restriction:
    """Return what some choices force, all of them together; raises InputError with everything wrong in them."""
    single = split_choices(choices)
    problems: list[Problem] = [] if single else [Problem("", f"nothing is chosen; expected {FORMS}")]
    seen: set[str] = set()
    data: Data = {}
    for choice in single:
        key, equals, value = (part.strip() for part in choice.partition("="))
        try:
            if not equals or not value:
                raise ValueError(f"is not a choice; expected one of {FORMS}")
            if key in seen:
                raise ValueError(f"{key} is chosen twice; expected one value for each")
            data = merged(data, _part(deal, key, value))
        except ValueError as error:
            problems.append(Problem(choice, str(error)))
        seen.add(key)
    problems = problems or list(_impossible(deal, data))
    if problems:
        raise InputError(problems)
    return Restriction.model_validate(data)


def _part(deal: Deal, key: str, value: str) -> Data:
    """Return the part of a forced plan that one choice means; raises ValueError."""
    for pattern, read in _READERS:
        match = pattern.fullmatch(key)
        if match:
            return read(deal, value, *match.groups())
    raise ValueError(f"{key} cannot be chosen; expected one of {FORMS}")


def _known(what: str, name: str, names: Iterable[str]) -> str:
    """Return a name that is in the deal; raises ValueError with the nearest one."""
    names = tuple(names)
    if name not in names:
        raise ValueError(unknown(what, name, names))
    return name


def _years(deal: Deal, value: str, read: Callable[[str], Any]) -> list[Any]:
    """Return one value for all contract years, or one for each: 203/219/236."""
    values = [read(part.strip()) for part in value.split("/")]
    if len(values) not in (1, deal.years):
        raise ValueError(
            f"{counted(len(values), 'value')}; expected one for all contract years, or {deal.years}, one for each, "
            "divided by /"
        )
    return values


def _amount(value: str) -> float:
    number = parse_number(value)
    if number < 0:
        raise ValueError(f"{value} is below 0; expected USD a year")
    if number > EXACT_USD:
        raise ValueError(f"{value} USD a year is beyond what is decided to the cent; expected at most {EXACT_USD:,.0f}")
    return number


def _count(value: str) -> int:
    number = parse_count(value)
    if number < 0:
        raise ValueError(f"{value} is below 0; expected a number of seats")
    return number


def _offer(deal: Deal, value: str) -> Data:
    return {"api": {"offer": _known("offer", value, resolve(deal).offers)}}


def _term(deal: Deal, value: str) -> Data:
    return {"api": {"term_months": parse_count(value)}}


def _band(deal: Deal, value: str) -> Data:
    return {"api": {"band_usd_per_year": [_amount(value)]}}


def _commitment(deal: Deal, value: str) -> Data:
    return {"api": {"commitment_usd": _years(deal, value, _amount)}}


def _seats(deal: Deal, value: str, seat_type: str, part: str | None) -> Data:
    _known("seat type", seat_type, deal.seat_types)
    if part == "offer":
        given: Data = {"offer": _known("offer", value, resolve(deal).offers)}
    elif part == "term":
        given = {"term_months": parse_count(value)}
    elif value in resolve(deal).offers:
        raise ValueError(f"{value} is an offer, not a number of seats; write seats.{seat_type}.offer={value}")
    else:
        given = {"contracted": _years(deal, value, _count)}
    return {"seats": {seat_type: given}}


def _track(deal: Deal, value: str, cohort: str) -> Data:
    allowed = deal.cohorts[_known("cohort", cohort, deal.cohorts)].tracks

    def known(track: str) -> str:
        if track not in allowed:
            raise ValueError(f"{cohort} cannot take {track!r}; it may take {', '.join(allowed)}")
        return track

    return {"tracks": {cohort: _years(deal, value, known)}}


def _project(deal: Deal, value: str, workload: str, project: str) -> Data:
    offered = deal.workloads[_known("workload", workload, deal.workloads)].projects
    if project not in offered:
        raise ValueError(f"{workload} has no project {project!r}; it has {', '.join(offered) or 'none'}")
    if value not in ("yes", "no"):
        raise ValueError(f"{value!r} is neither yes nor no")
    return {"decided": {workload: {project: value == "yes"}}}


def _routing(deal: Deal, value: str, user: str) -> Data:
    """One option wherever it is open, of a workload or of a cohort whose usage may be metered."""
    metered = [name for name, cohort in deal.cohorts.items() if cohort.use]
    _known("workload", user, (*deal.workloads, *metered))
    keys = dict.fromkeys(option.key for epoch in resolve(deal).epochs(user) for option in epoch.options)
    value = canonical_option(value)
    if value not in keys:
        raise ValueError(f"{value!r} is open to {user} in no month; open are {', '.join(keys) or 'none'}")
    return {"routing" if user in deal.workloads else "use": {user: value}}


_READERS: tuple[tuple[re.Pattern[str], Callable[..., Data]], ...] = (
    (re.compile("offer"), _offer),
    (re.compile("term"), _term),
    (re.compile("band"), _band),
    (re.compile("commitment"), _commitment),
    (re.compile(r"seats\.(.+?)(?:\.(offer|term))?"), _seats),
    (re.compile(r"track\.(.+)"), _track),
    (re.compile(r"project\.([^.]+)\.(.+)"), _project),
    (re.compile(r"routing\.(.+)"), _routing),
)


def _impossible(deal: Deal, data: Data) -> Iterator[Problem]:
    """Yield what no offer has: a term, a band, a seat type."""
    api, offers = data.get("api", {}), resolve(deal).offers
    found = list(_no_such_offer(deal, "term", api, [name for name, each in offers.items() if each.api], None))
    for name, part in data.get("seats", {}).items():
        found += _no_such_offer(deal, f"seats.{name}.term", part, resolve(deal).sellers(name), name)
    yield from found
    if "band_usd_per_year" in api and not found:
        (wanted,) = api["band_usd_per_year"]
        open_to = [api["offer"]] if "offer" in api else list(offers)
        parts = [part for name in open_to if (part := offers[name].api)]
        known = sorted({band.commit_usd_per_year for part in parts for band in part.bands})
        if not any(abs(wanted - threshold) <= CENT_TOLERANCE_USD for threshold in known):
            yield Problem(
                f"band={usd(wanted)}", f"{_whose(api)} no band from there; bands start at {', '.join(map(usd, known))}"
            )


def _no_such_offer(
    deal: Deal, path: str, part: Data, sellers: Iterable[str], seat_type: str | None
) -> Iterator[Problem]:
    """Yield why a part cannot be taken from its offer, or from any of `sellers`, for its term."""
    offer, months = part.get("offer"), part.get("term_months")
    lengths = {length for name in sellers for length in resolve(deal).offers[name].first_terms}
    if offer is not None:
        problem = offer_problem(deal, "", offer, months, seat_type)
        if problem:
            yield Problem(f"{path.removesuffix('term')}offer={offer}", problem.message + _for_seats(deal, offer, path))
    elif months is not None and months not in lengths:
        known = ", ".join(map(str, sorted(lengths)))
        yield Problem(f"{path}={months}", f"no offer has a first term of {counted(months, 'month')}; expected {known}")


def _for_seats(deal: Deal, offer: str, path: str) -> str:
    """Return how the seats of an offer that has no api part are chosen; nothing for any other."""
    on_table = resolve(deal).offers[offer]
    if path != "term" or on_table.api is not None or not on_table.seats:
        return ""
    return f"; for its seats write {one_of(f'seats.{name}.offer={offer}' for name in on_table.seats)}"


def _whose(api: Data) -> str:
    return f"{api['offer']} has" if "offer" in api else "the offers have"
