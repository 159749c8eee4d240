"""The deal file that follows from what was measured: commented, with a source for every number, ready for offers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

import yaml

from deal_solve.analysis.measure.growth import Z_P90, Growth
from deal_solve.analysis.measure.people import MeasuredPeople
from deal_solve.analysis.measure.workloads import UNIT_TOKENS, MeasuredWorkload
from deal_solve.deal.base import months_later
from deal_solve.deal.rate_card import load_card

DIGITS = 4
"""Significant digits of a measured number."""
SEAT_TYPE = "enterprise"
NARROW = 0.005
"""Errors of the level below this share of it are not written."""


def deal_text(title: str, last: date, works: list[MeasuredWorkload], people: MeasuredPeople | None) -> str:
    """Return the text of a deal file whose first month is the one after `last`."""
    start = months_later(last, 1)
    lines = [
        "# Measured by `deal-solve measure`. Type in the offers, the quality of each model and what changes would",
        "# cost; `deal-solve check` says what is still missing, `deal-solve today` which bill this file implies.",
        "schema: deal-solve/1",
        f"title: {title}",
        f"start: {start:%Y-%m}",
        "horizon_months: 36",
        "cost_of_capital_per_year: 8%",
        f"rates: {load_card().name}@{load_card().as_of}",
        "risk: balanced",
        "",
    ]
    if works:
        lines += ["workloads:", *(line for work in works for line in _workload(work)), ""]
    if people is not None:
        lines += ["cohorts:", *_people(people), ""]
    lines += [
        "offers: {}      # type in each quote",
        "",
        "sources:",
        *(f"  workloads.{work.name}: measured, {_stands_on(work)}" for work in works),
        *(["  cohorts.people: seats assigned and active, as exported"] if people is not None else []),
    ]
    return "\n".join(lines) + "\n"


def _workload(work: MeasuredWorkload) -> Iterator[str]:
    yield f"  {work.name}:"
    yield f"    title: {_quoted(work.title)}"
    unit = "" if work.requests_are_known else f"      # requests are not counted: units of {UNIT_TOKENS:,} input tokens"
    yield f"    requests_per_month: {_level(work)}{unit}"
    yield f"    growth_per_year: {_growth(work.growth)}      # measured slope weighs {work.growth.measured_weight:.0%}"
    yield f"    input_tokens: {_number(work.input_tokens)}"
    yield f"    output_tokens: {_number(work.output_tokens)}"
    yield "    tokens_counted_in: as_run"
    if work.is_cached:
        yield f"    cache: {_cache(work)}"
    if work.is_batch:
        yield "    batchable: 100%"
    if work.other_usd_per_request:
        yield f"    other_usd_per_request: {_number(work.other_usd_per_request)}"
    modes = f"cached: {str(work.is_cached).lower()}, batch: {str(work.is_batch).lower()}"
    yield f"    today: {{model: {work.model}, {modes}}}"


def _people(people: MeasuredPeople) -> Iterator[str]:
    yield "  people:"
    yield f"    headcount: {people.assigned}      # seats assigned; {people.idle:,.0f} of them idle last week"
    low, now, high = (_share(value) for value in (people.active_p10, people.active_now, people.active_p90))
    is_band = people.active_p10 <= people.active_now <= people.active_p90 and people.active_p10 < people.active_p90
    yield f"    active_share: {f'{{p10: {low}, p50: {now}, p90: {high}}}' if is_band else now}"
    yield f"    tracks: [{SEAT_TYPE}]"
    if people.requests_per_user_month is None:
        yield "    use: {requests_per_user_month: 0, input_tokens: 0, output_tokens: 0, models: [sonnet]} # not known"
    else:
        yield "    use:"
        yield f"      requests_per_user_month: {_number(people.requests_per_user_month)}"
        yield f"      input_tokens: {_number(people.input_tokens)}"
        yield f"      output_tokens: {_number(people.output_tokens)}"
        if people.cache_share:
            yield f"      cache: {{share: {_share(people.cache_share)}, hit_rate: {_share(people.hit_rate)}}}"
        yield f"      models: [{', '.join(people.models)}]"


def _level(work: MeasuredWorkload) -> str:
    """Return the level as a band where its error shows, else as one number."""
    middle, error = work.growth.per_day, Z_P90 * work.growth.per_day_error
    scale = work.requests_per_month / middle if middle else 0.0
    if error < NARROW * middle or error >= middle:
        return _number(work.requests_per_month)
    p10, p50, p90 = (_number(scale * value) for value in (middle - error, middle, middle + error))
    return f"{{p10: {p10}, p50: {p50}, p90: {p90}}}"


def _growth(growth: Growth) -> str:
    return f"{{p10: {growth.p10:.0%}, p50: {growth.p50:.0%}, p90: {growth.p90:.0%}}}"


def _cache(work: MeasuredWorkload) -> str:
    ttl = f"{{5m: {_share(1 - work.one_hour_share)}, 1h: {_share(work.one_hour_share)}}}"
    if work.one_hour_share in (0.0, 1.0):
        ttl = "1h" if work.one_hour_share else "5m"
    return f"{{share: {_share(work.cache_share)}, hit_rate: {_share(work.hit_rate)}, ttl: {ttl}}}"


def _stands_on(work: MeasuredWorkload) -> str:
    counted = "requests counted" if work.requests_are_known else "tokens counted"
    return f"{counted}, {work.list_usd_per_month:,.0f} USD a month at list"


def _share(share: float) -> str:
    return f"{100 * share:.6g}%"


def _number(value: float) -> str:
    """Return a number with four significant digits, without an exponent.

    >>> _number(123456.7), _number(0.0123456)
    ('123500', '0.01235')
    """
    if value == 0:
        return "0"
    digits = DIGITS - 1 - math.floor(math.log10(abs(value)))
    text = f"{round(value, digits):.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if digits > 0 else text


def _quoted(text: str) -> str:
    """Return a text as YAML holds any: on one line, quoted, controls escaped."""
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=math.inf)).strip()
