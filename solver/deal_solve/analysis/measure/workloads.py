"""From rows to workloads: usage by place, model and batch, as requests, tokens, caching and growth."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, count
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from deal_solve.analysis.measure.backtest import widening_of
from deal_solve.analysis.measure.growth import DAYS_PER_MONTH, PRODUCTS, Floats, Growth, growth_of, learned, own_shock
from deal_solve.analysis.measure.season import season_of, without_season
from deal_solve.deal.rate_card import load_card
from deal_solve.errors import InputError
from deal_solve.exports.prices import list_prices
from deal_solve.exports.read import Exports
from deal_solve.exports.row import NANO, Place, Quantity
from deal_solve.exports.uses import COLUMN, named
from deal_solve.record import Record

GroupBy = Literal["workspace", "key", "tag", "product", "user", "nothing"]
GROUPS: tuple[GroupBy, ...] = ("workspace", "key", "tag", "product")
"""What usage is grouped by where it is not said: the first of them that tells two groups apart."""
WRITES: tuple[Quantity, ...] = ("cache_write", "cache_write_5m", "cache_write_1h")
INPUT: tuple[Quantity, ...] = ("input", "cache_read", *WRITES)
ENTERED, REQUESTS = [COLUMN[each] for each in INPUT], COLUMN["requests"]
UNIT_TOKENS = 10_000
"""Input tokens of what counts as one request where requests are not known."""
OTHER = "other"
NAME_LENGTH, TITLE_LENGTH = 32, 120
"""Characters of a name and of a group in a title: what a deal file takes, with room for a number or a model."""


@dataclass(frozen=True)
class MeasuredBucket(Record):
    """Requests of one length of prompt."""

    share: Annotated[float, Field(description="share of the requests")]
    tokens: Annotated[float, Field(description="mean input tokens of these requests")]


@dataclass(frozen=True, kw_only=True)
class MeasuredWorkload(Record):
    """One workload as measured: what a deal file says of it, and what stands behind that."""

    name: Annotated[str, Field(description="its name in the deal file")]
    title: Annotated[str, Field(description="what it was grouped by, and the model")]
    model: Annotated[str, Field(description="model that answered, the one of most dollars")]
    is_cached: Annotated[bool, Field(description="whether anything was read from or written to the cache")]
    is_batch: Annotated[bool, Field(description="whether it ran in batch")]
    requests_per_month: Annotated[float, Field(description="of the last 28 days, or units of 10,000 input tokens")]
    requests_are_known: Annotated[bool, Field(description="whether an export counts requests; else they are units")]
    input_tokens: Annotated[float, Field(description="mean input tokens of a request, cached ones included")]
    output_tokens: Annotated[float, Field(description="mean output tokens of a request")]
    cache_share: Annotated[float, Field(description="share of the input read from or written to the cache")]
    hit_rate: Annotated[float, Field(description="share of that which was read")]
    one_hour_share: Annotated[float, Field(description="share of the writes that live one hour")]
    growth: Annotated[Growth, Field(description="level and growth per year, without season")]
    season: Annotated[
        tuple[float, ...] | None,
        Field(description="of each calendar month, mean 1; null: none, or under two years"),
    ]
    buckets: Annotated[
        tuple[MeasuredBucket, ...],
        Field(description="by length of prompt, where requests are counted by context window; else empty"),
    ]
    long_share: Annotated[float, Field(description="share of the input in prompts above 200,000 tokens, where told")]
    list_usd_per_month: Annotated[
        float, Field(description="of requests_per_month, each at the mean list price of the period, by day")
    ]
    other_usd_per_request: Annotated[float, Field(description="web searches, per request")]


@dataclass
class _Group:
    totals: defaultdict[Quantity, int] = field(default_factory=lambda: defaultdict(int))
    daily: defaultdict[date, int] = field(default_factory=lambda: defaultdict(int))
    daily_input: defaultdict[date, int] = field(default_factory=lambda: defaultdict(int))
    windows: defaultdict[tuple[str | None, str], int] = field(default_factory=lambda: defaultdict(int))
    usd_by_model: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    days: int = 1
    uncounted: int = 0
    """Input tokens of parts whose requests are not counted, where others are."""

    @property
    def is_known(self) -> bool:
        """Whether all of its requests are counted."""
        return self.totals["requests"] > 0 and not self.uncounted

    @property
    def usd(self) -> int:
        return sum(self.usd_by_model.values())

    @property
    def model(self) -> str:
        """The model of most dollars."""
        return max(self.usd_by_model, key=lambda model: self.usd_by_model[model])

    def add(self, place: Place, row: Sequence[int]) -> None:
        """Add what is used in a place, in the order of QUANTITIES."""
        for quantity, amount in named(row):
            if amount:
                self.totals[quantity] += amount
        entered, requests = sum(row[column] for column in ENTERED), row[REQUESTS]
        for daily, what, amount in ((self.daily_input, "input", entered), (self.daily, "requests", requests)):
            if amount:
                daily[place.day] += amount
                self.windows[place.window, what] += amount
        self.usd_by_model[place.model or ""] += sum(list_prices(place, row))

    def join(self, other: _Group) -> None:
        self.uncounted += other.uncounted if other.totals["requests"] else sum(other.daily_input.values())
        for mine, theirs in (
            (self.totals, other.totals),
            (self.daily, other.daily),
            (self.daily_input, other.daily_input),
            (self.windows, other.windows),
            (self.usd_by_model, other.usd_by_model),
        ):
            for key, value in theirs.items():
                mine[key] += value  # type: ignore[index]


Part = tuple[str, str, bool]
"""The group, the model, and whether it ran in batch."""


def grouping(exports: Exports) -> GroupBy:
    """Return what tells usage apart best: the first of workspace, key, tag and product with two values."""
    for name in GROUPS:
        if len({getattr(place, name) for place in exports.used.places}) > 1:
            return name
    return "nothing"


def measured_workloads(
    exports: Exports, group_by: GroupBy | None, min_share: float, called: Mapping[str, str]
) -> tuple[list[MeasuredWorkload], dict[str, Floats]]:
    """Return the workloads of exports, dearest first, and the daily requests or units of each, (D,).

    What people use through a seat is left to their cohort, where one is measured. Parts below `min_share` of the
    dollars are put into one. `called` says which workload a measured one belongs to, by
    the name it has without that, or by its group alone: all models of the group, and what ran in batch. Raises
    InputError for a name that nothing measured has.
    """
    by = group_by or grouping(exports)
    parts: dict[Part, _Group] = defaultdict(_Group)
    has_cohort = any(day.assigned for day in exports.seats)
    for place, row in exports.used.rows():
        if has_cohort and place.is_of_people:
            continue
        group = "api" if by == "nothing" else getattr(place, by) or "default"
        parts[group, place.model or "", place.tier == "batch"].add(place, row)
    minimum_usd = min_share * sum(part.usd for part in parts.values())
    found = _belonging(parts, _names(_kept(parts, minimum_usd)), called)
    rest = _kept(parts, minimum_usd)
    found += [(name, key, rest[key]) for key, name in _names(rest, {name for name, _, _ in found}).items()]
    found.sort(key=lambda each: -each[2].usd)
    daily = {name: _daily(part, exports) for name, _, part in found}
    seasons = {name: season_of(days, exports.first) for name, days in daily.items()}
    flat = {name: without_season(days, exports.first, seasons[name]) for name, days in daily.items()}
    prior = learned(PRODUCTS, map(own_shock, flat.values()))
    widening = widening_of([*daily.values()], prior, exports.first)
    works = [
        _measured(name, key, part, (growth_of(flat[name], prior, widening), seasons[name])) for name, key, part in found
    ]
    return works, daily


def _kept(parts: Mapping[Part, _Group], minimum_usd: float) -> dict[Part, _Group]:
    """Return the parts of so many dollars, dearest first, and all others as one."""
    kept = {key: part for key, part in parts.items() if part.usd >= minimum_usd}
    rest = _Group()
    for key, part in parts.items():
        if key not in kept:
            rest.join(part)
    if rest.usd:
        kept[OTHER, rest.model, False] = rest
    return dict(sorted(kept.items(), key=lambda each: -each[1].usd))


def _belonging(
    parts: dict[Part, _Group], names: Mapping[Part, str], called: Mapping[str, str]
) -> list[tuple[str, Part, _Group]]:
    """Take the parts that belong to a workload out of `parts`, and return them joined, with its name."""
    joined: dict[str, list[tuple[Part, _Group]]] = defaultdict(list)
    used: set[str] = set()
    for key in list(parts):
        label = next((label for label in _labels(key, names.get(key)) if label in called), None)
        if label is not None:
            used.add(label)
            joined[called[label]].append((key, parts.pop(key)))
    missing = [f"{label}={name}" for label, name in called.items() if label not in used and label != name]
    if missing:
        known = ", ".join(names.values())
        raise InputError(f"--map-workload {missing[0]}: nothing measured is called so; the exports have {known}")
    return [(name, *_joined(own)) for name, own in joined.items()]


def _joined(own: list[tuple[Part, _Group]]) -> tuple[Part, _Group]:
    """Return parts as one: their groups, the model of most dollars, and whether most of them are in batch."""
    whole = _Group()
    for _, part in own:
        whole.join(part)
    in_batch = sum(part.usd for (_, _, is_batch), part in own if is_batch)
    return (", ".join(dict.fromkeys(key[0] for key, _ in own)), whole.model, 2 * in_batch > whole.usd), whole


def _labels(part: Part, name: str | None) -> Iterator[str]:
    """Yield what a part may be called, the most exact first: its name, its group with the model, its group."""
    group, model, is_batch = part
    if name is not None:
        yield name
    for words in (f"{group}-{model}", f"{group}-{_family(model)}", group):
        if is_batch:
            yield _slug(f"{words}-batch")
        yield _slug(words)
    if name is None:
        yield OTHER


def _daily(part: _Group, exports: Exports) -> Floats:
    """Return the requests of each day, or units of input tokens where requests are not known."""
    is_known = part.is_known
    daily = np.zeros(exports.days)
    for day, amount in (part.daily if is_known else part.daily_input).items():
        daily[(day - exports.first).days] = amount / (1 if is_known else UNIT_TOKENS)
    part.days = exports.days
    return daily


def _measured(name: str, key: Part, part: _Group, path: tuple[Growth, Floats | None]) -> MeasuredWorkload:
    (group, model, is_batch), (growth, season) = key, path
    totals = part.totals
    entered = sum(totals[each] for each in INPUT)
    written = sum(totals[each] for each in WRITES)
    cached = totals["cache_read"] + written
    is_known = part.is_known
    requests = totals["requests"] if is_known else max(entered / UNIT_TOKENS, 1.0)
    per_month = growth.per_day * DAYS_PER_MONTH
    search_usd = load_card().web_search_usd_per_request * totals["web_searches"]
    return MeasuredWorkload(
        name=name,
        title=_short(group, TITLE_LENGTH) + f" on {model}" + (" in batch" if is_batch else ""),
        model=model,
        is_cached=cached > 0,
        is_batch=is_batch,
        requests_per_month=per_month,
        requests_are_known=is_known,
        input_tokens=entered / requests,
        output_tokens=totals["output"] / requests,
        cache_share=cached / entered if entered else 0.0,
        hit_rate=totals["cache_read"] / cached if cached else 0.0,
        one_hour_share=totals["cache_write_1h"] / written if written else 0.0,
        growth=growth,
        season=None if season is None else tuple(season.tolist()),
        buckets=_buckets(part),
        long_share=part.windows["long", "input"] / entered if entered else 0.0,
        list_usd_per_month=part.usd / NANO / requests * per_month,
        other_usd_per_request=search_usd / requests,
    )


def _buckets(part: _Group) -> tuple[MeasuredBucket, ...]:
    """Return requests by length of prompt; nothing where requests are not counted by window, or all are of one."""
    known = [name for name in ("short", "long") if part.windows[name, "requests"] and part.windows[name, "input"]]
    requests = sum(part.windows[name, "requests"] for name in known)
    if len(known) < 2 or requests < part.totals["requests"]:
        return ()
    counts = [(part.windows[name, "requests"], part.windows[name, "input"]) for name in known]
    return tuple(MeasuredBucket(count / requests, tokens / count) for count, tokens in counts)


def _short(text: str, length: int) -> str:
    """Return a text with what is beyond a length left out.

    >>> _short("support", 9), _short("customer support", 9)
    ('support', 'customer…')
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _names(parts: Iterable[Part], taken: Iterable[str] = ()) -> dict[Part, str]:
    """Return a name for each part that a deal file takes: the group, and the model where the group has two."""
    parts, known = list(parts), set(taken)
    names: dict[Part, str] = {}
    for group, model, is_batch in parts:
        of_group = [each for each in parts if each[0] == group]
        families = [each for each in of_group if _family(model) in each[1]]
        word = group if len(of_group) == 1 else f"{group}-{_family(model) if len(families) == 1 else model}"
        batch = "-batch" if is_batch and len([each for each in of_group if each[1] == model]) > 1 else ""
        name = _slug(f"{word}{batch}")
        numbered = chain([name], (f"{name}-{number}" for number in count(2)))
        names[group, model, is_batch] = next(each for each in numbered if each not in known)
        known.add(names[group, model, is_batch])
    return names


def _family(model: str) -> str:
    return next((each.family for each in load_card().models if each.id == model), model)


def _slug(words: str) -> str:
    """Return words as a name that a deal file takes."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower())[:NAME_LENGTH].strip("-") or "workload"
