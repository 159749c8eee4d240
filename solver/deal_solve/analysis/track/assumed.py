"""What the signed plan assumed and is no longer so: lengths, caching, models, batch, growth, prices, people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from deal_solve.analysis.measure.result import MeasureResult
from deal_solve.analysis.measure.workloads import MeasuredWorkload
from deal_solve.deal.deal import Deal
from deal_solve.deal.numbers import Band
from deal_solve.deal.rate_card import load_card
from deal_solve.plan.resolved import resolve
from deal_solve.record import Record
from deal_solve.settlement.settle import Settlement

FAR = 0.1
"""A length that is further off than this share of what was assumed is no longer so."""
FAR_SHARE = 0.05
"""The same for a share, in points."""


@dataclass(frozen=True)
class Assumption(Record):
    """One thing that the plan assumed and that is otherwise now."""

    what: Annotated[str, Field(description="what was assumed")]
    assumed: Annotated[str, Field(description="when it was signed")]
    measured: Annotated[str, Field(description="as it is now")]


def no_longer_so(signed: Settlement, found: MeasureResult) -> Iterator[Assumption]:
    """Yield what the plan assumed and is otherwise now, workload by workload, then prices and people."""
    works = {work.name: work for work in found.workloads}
    for name in signed.deal.workloads:
        if name in works:
            yield from _of_workload(signed, works[name], date.fromisoformat(found.last))
    for name, work in works.items():
        if name not in signed.deal.workloads:
            yield Assumption(name, "not in the deal", f"{work.list_usd_per_month:,.0f} USD a month at list")
    yield from _prices(signed.deal, works, date.fromisoformat(found.last))
    yield from _people(signed.deal, found)


def _of_workload(signed: Settlement, work: MeasuredWorkload, last: date) -> Iterator[Assumption]:
    name, assumed = work.name, signed.deal.workloads[work.name]
    length = sum(bucket.share * bucket.tokens for bucket in assumed.input_tokens)
    pairs: list[tuple[str, float, float, str]] = []
    if work.requests_are_known:
        pairs = [("input tokens", length, work.input_tokens, ",.0f")]
        pairs += [("output tokens", assumed.output_tokens, work.output_tokens, ",.0f")]
    elif work.input_tokens and length:
        ratios = assumed.output_tokens / length, work.output_tokens / work.input_tokens
        pairs = [("output per input token", *ratios, ".3g")]
    for what, then, now, form in pairs:
        if abs(now - then) > FAR * max(then, 1e-9) and f"{now:{form}}" != f"{then:{form}}":
            yield Assumption(f"{name}: {what}", f"{then:{form}}", f"{now:{form}}")
    cache = assumed.cache
    if cache is not None and abs(work.cache_share - cache.share) > FAR_SHARE:
        yield Assumption(f"{name}: cacheable share", f"{cache.share:.0%}", f"{work.cache_share:.0%}")
    if cache is not None and work.is_cached and _is_outside(work.hit_rate, cache.hit_rate, FAR_SHARE):
        yield Assumption(f"{name}: hit rate", _band(cache.hit_rate), f"{work.hit_rate:.0%}")
    month = min(max(signed.deal.month(last), 0), signed.deal.horizon_months - 1)
    shares = _models(signed, name, month)
    if work.model not in shares:
        yield Assumption(f"{name}: model", ", ".join(shares), f"most dollars on {work.model}")
    if work.is_batch and not assumed.batchable:
        yield Assumption(f"{name}: batch", "not in batch", "most of it in batch")
    grows, spread = assumed.growth_per_year, Band(p10=work.growth.p10, p50=work.growth.p50, p90=work.growth.p90)
    off = spread.p10 - grows.p10, spread.p50 - grows.p50, spread.p90 - grows.p90
    if max(map(abs, off)) > FAR_SHARE:  # the deal from here on is solved with what is measured
        yield Assumption(f"{name}: growth per year", _band(assumed.growth_per_year), _band(spread))


def _models(signed: Settlement, name: str, month: int) -> list[str]:
    """Return the models that the plan routes a workload to in a month, the largest share first."""
    routes = signed.plan.routing[name]
    at = max(index for index, route in enumerate(routes) if route.from_month <= month)
    options = {option.key: option for option in resolve(signed.deal).users[name].epochs[at].options}
    shares = sorted(routes[at].shares.items(), key=lambda item: -item[1])
    return list(dict.fromkeys(part.model_id for key, share in shares if share > 0 for part in options[key].parts))


def _is_outside(value: float, band: Band, margin: float) -> bool:
    return not band.p10 - margin - 1e-9 <= value <= band.p90 + margin + 1e-9


def _band(band: Band) -> str:
    return f"{band.p50:.0%}" if band.is_certain else f"{band.p10:.0%} to {band.p90:.0%}"


def _prices(deal: Deal, works: dict[str, MeasuredWorkload], last: date) -> Iterator[Assumption]:
    """Yield the models whose list price changed between signing and the last day, on the card of today."""
    for model in load_card().models:
        then, now = model.rates_on(deal.start), model.rates_on(last)
        if then != now and model.id in {work.model for work in works.values()}:
            before, after = (
                f"{each.input_usd_per_mtok:g} in, {each.output_usd_per_mtok:g} out" for each in (then, now)
            )
            yield Assumption(f"{model.id}: list price, USD per million tokens", before, after)


def _people(deal: Deal, found: MeasureResult) -> Iterator[Assumption]:
    people = found.people
    if people is None or not deal.cohorts:
        return
    planned = sum(cohort.headcount for cohort in deal.cohorts.values())
    if abs(people.assigned - planned) > FAR * planned:
        yield Assumption("people with a seat", f"{planned:,.0f}", f"{people.assigned:,}")
    if len(deal.cohorts) == 1:
        (cohort,) = deal.cohorts.values()
        if _is_outside(people.active_now, cohort.active_share, FAR_SHARE):
            yield Assumption("share of them active", _band(cohort.active_share), f"{people.active_now:.0%}")
