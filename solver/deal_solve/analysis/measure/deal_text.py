"""The deal file that follows from what was measured: commented, with a source for every number, ready for offers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date

import yaml

from deal_solve.analysis.measure.growth import Z_P90, Growth
from deal_solve.analysis.measure.people import MeasuredPeople
from deal_solve.analysis.measure.together import MAX_PAIRED
from deal_solve.analysis.measure.workloads import UNIT_TOKENS, MeasuredWorkload
from deal_solve.deal.base import months_later
from deal_solve.deal.rate_card import load_card
from deal_solve.uncertainty.open_growth import MAX_TIMES, TO_DO, times_apart

DIGITS = 4
"""Significant digits of a measured number."""
HORIZON_MONTHS = 36
SEAT_TYPE = "enterprise"
SHARE_DIGITS = 6
NARROW = 0.005
"""Errors of the level below this share of it are not written."""


def deal_text(
    days: tuple[date, date],
    works: list[MeasuredWorkload],
    people: MeasuredPeople | None,
    pairs: Mapping[tuple[str, str], float],
) -> str:
    """Return the text of a deal file whose first month is the one after the last day; `pairs` are correlations."""
    title, start = f"Measured {days[0]} to {days[1]}", months_later(days[1], 1)
    lines = [
        "# Measured by `deal-solve measure`. Type in the offers, the quality of each model and what changes would",
        "# cost; `deal-solve check` says what is still missing, `deal-solve today` which bill this file implies.",
        "schema: deal-solve/1",
        f"title: {title}",
        f"start: {start:%Y-%m}",
        f"horizon_months: {HORIZON_MONTHS}",
        "cost_of_capital_per_year: 8%",
        f"rates: {load_card().name}@{load_card().as_of}",
        "risk: balanced",
        "",
    ]
    if works:
        lines += ["workloads:", *(line for work in works for line in _workload(work)), ""]
    if people is not None:
        lines += ["cohorts:", *_people(people), ""]
    lines += _together(pairs)
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
    times = times_apart(work.growth.p10, work.growth.p90, HORIZON_MONTHS)
    if times > MAX_TIMES:
        yield f"    # P90 of growth is {times:,.0f} times P10 after {HORIZON_MONTHS} months: no mean is settled;"
        yield f"    # {TO_DO}."
    yield f"    growth_per_year: {_growth(work.growth)}      # measured slope weighs {work.growth.measured_weight:.0%}"
    if work.season is not None:
        yield f"    season_by_calendar_month: [{', '.join(f'{factor:.3g}' for factor in work.season)}]"
    yield f"    input_tokens: {_input(work)}"
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


def _input(work: MeasuredWorkload) -> str:
    """Return the input tokens of a request, by length of prompt where that is known."""
    if not work.buckets:
        return _number(work.input_tokens)
    first, *rest = work.buckets
    shares = [1 - sum(round(each.share, SHARE_DIGITS) for each in rest), *(each.share for each in rest)]
    parts = (
        f"{{share: {100 * round(share, SHARE_DIGITS):.8g}%, tokens: {_number(each.tokens)}}}"
        for share, each in zip(shares, (first, *rest), strict=True)
    )
    return f"[{', '.join(parts)}]"


def _together(pairs: Mapping[tuple[str, str], float]) -> Iterator[str]:
    """Yield how growth moves together: every pair of a few workloads, the mean of all pairs of more."""
    if not pairs:
        return
    yield "uncertainty:"
    names = {name for pair in pairs for name in pair}
    if len(names) > MAX_PAIRED:
        mean = round(max(sum(pairs.values()) / len(pairs), 0.0), 2)
        yield f"  correlation: {{growth: {mean:.2f}}}      # mean of all pairs of workloads, shrunk"
        return
    yield "  correlation:      # of monthly changes, shrunk"
    yield "    matrix:"
    for one in dict.fromkeys(one for one, _ in pairs):
        row = ", ".join(
            f"workloads.{two}.growth_per_year: {value:.2f}" for (first, two), value in pairs.items() if first == one
        )
        yield f"      workloads.{one}.growth_per_year: {{{row}}}"


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
