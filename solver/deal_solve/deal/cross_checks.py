"""Checks across the file: every name means something, every choice can be priced (model §1, §6)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from deal_solve.deal.allowance import Allowance
from deal_solve.deal.cohort import NONE, USE, Use
from deal_solve.deal.deal import AT_LIST, Deal
from deal_solve.deal.model_names import unknown_model
from deal_solve.deal.offers.cloud_checks import cloud_findings
from deal_solve.deal.offers.cloud_years import cloud_years
from deal_solve.deal.offers.in_force_checks import in_force_findings
from deal_solve.deal.offers.seats import clashes_with_allowance
from deal_solve.deal.offers.true_up import HARD_CAP, TrueUp
from deal_solve.deal.rate_card import FAMILIES
from deal_solve.deal.workload import AS_RUN, Workload
from deal_solve.deal.yaml_source import Loc
from deal_solve.errors import MAX_PROBLEMS
from deal_solve.messages import counted, unknown

SEATS = "seats"
MODELS = "models"
Finding = tuple[Loc, str]

MIN_PROBABILITY = 1e-9
"""The least probability of a future: what is rarer moves no expected cost by as much as two amounts may differ (model
§8), and the solver takes it for nothing."""
TOO_RARE = "less likely than one in a billion"
MAX_MONTHS_PAST = 120
"""So long before the deal a cohort may have begun."""


def _unknown(what: str, word: str, known: Iterable[str]) -> str:
    return unknown(what, word, known, otherwise="; define it in the file")


def _unknown_model(deal: Deal, name: str) -> str:
    slots = [family for family in FAMILIES if any(model.family == family for model in deal.card.models)]
    return unknown_model(name, deal.card, [*slots, *deal.variants])


def broken_references(deal: Deal) -> list[Finding]:
    """Return everything in a well-formed deal that refers to nothing or cannot be priced, no more than MAX_PROBLEMS."""
    parts = (_workloads, _cohorts, _offers, cloud_findings, _uncertainty, _scenarios, _rest, in_force_findings)
    return list(itertools.islice(itertools.chain.from_iterable(part(deal) for part in parts), MAX_PROBLEMS))


def model_names(deal: Deal) -> list[str]:
    """Return every name a routing may use: slots, model ids and variants."""
    slots = [family for family in FAMILIES if any(m.family == family for m in deal.card.models)]
    return [*slots, *(model.id for model in deal.card.models), *deal.variants]


def _workloads(deal: Deal) -> Iterator[Finding]:
    names, families = model_names(deal), (*FAMILIES,)
    for key, work in deal.workloads.items():
        loc: Loc = ("workloads", key)
        yield from _request(deal, work, loc)
        yield from _starts(deal, work.starts, loc)
        if work.today and work.today.model not in names:
            yield (*loc, "today", "model"), _unknown_model(deal, work.today.model)
        for index, cascade in enumerate(work.cascades):
            for role in ("first", "then"):
                if getattr(cascade, role) not in names:
                    here = (*loc, "cascades", index, role)
                    yield here, _unknown_model(deal, getattr(cascade, role))
            if cascade.first == cascade.then:
                yield (*loc, "cascades", index), "asks the same model twice"
        if "rerouting" in work.projects and work.today is None:
            yield (
                (*loc, "projects", "rerouting"),
                "there is nothing to reroute from; state what runs today, or remove it",
            )
        if "caching" in work.projects and work.cache is None:
            yield (*loc, "projects", "caching"), "there is no cache section, so the project opens nothing"
        if "batch" in work.projects and not work.batchable:
            yield (*loc, "projects", "batch"), "batchable is 0, so the project opens nothing"
        yield from _controls(deal, work.requires, (*loc, "requires"))
        yield from _scored(deal, work, families, loc)


def _starts(deal: Deal, starts: date | None, loc: Loc) -> Iterator[Finding]:
    if starts and not 0 <= deal.month(starts) < deal.horizon_months:
        already = "; leave it out if it runs already" if deal.month(starts) < 0 else ""
        yield (*loc, "starts"), f"{starts:%Y-%m} is outside the horizon of {deal.span(0, deal.horizon_months)}{already}"


def _scored(deal: Deal, work: Workload | Use, families: tuple[str, ...], loc: Loc) -> Iterator[Finding]:
    names = model_names(deal)
    for name in work.quality.scores:
        if name not in names:
            yield (*loc, "quality", "scores", name), _unknown_model(deal, name)
    for index, name in enumerate(work.models or ()):
        if name not in names:
            yield (*loc, "models", index), _unknown_model(deal, name)
    if work.quality.floor is None and work.quality.mean_floor is None:
        return
    if not set(work.quality.scores) <= {*names}:
        return  # the misspelt name is probably the one that has no score
    used = list(work.models or ())
    if isinstance(work, Workload) and work.today:
        used.append(work.today.model)
    for name in dict.fromkeys(used):
        base = deal.variants[name].model if name in deal.variants else name  # one that is not known is found elsewhere
        if name in names and base in names and quality_of(deal, work.quality.scores, name) is None:
            yield (*loc, "quality", "scores"), f"{name!r} may be used but has no score; a floor needs one for each"
    if not used and not work.quality.scores:
        yield (*loc, "quality"), "there is a floor but no scores; state one per model or family"


def family_of(deal: Deal, name: str) -> str:
    """Return the price family of a slot, model id or variant."""
    if name in deal.variants:
        name = deal.variants[name].model
    return name if name in FAMILIES else deal.card.model(name).family


def quality_of(deal: Deal, scores: dict[str, float], name: str) -> float | None:
    """Return the score of a name: its own, its model's, its family's, or None (model §3).

    A slot has its family's score, else that of the model it means today.
    """
    base = deal.variants[name].model if name in deal.variants else name
    family = family_of(deal, base)
    newest = deal.card.newest(family, deal.calendar(0)).id if base == family else base
    return next((scores[key] for key in (name, base, family, newest) if key in scores), None)


def _request(deal: Deal, work: Workload | Use, loc: Loc) -> Iterator[Finding]:
    names = model_names(deal)
    for field in ("output_factor", "shares"):
        for name in getattr(work, field):
            if name not in names:
                yield (*loc, field, name), _unknown_model(deal, name)
    if sum(limit.minimum for limit in work.shares.values()) > 1 + 1e-9:
        yield (*loc, "shares"), "the minimum shares add up to more than 1 (100%)"
    stated = work.tokens_counted_in or deal.tokens_counted_in
    here = (*loc, "tokens_counted_in")
    if stated == AS_RUN and not (isinstance(work, Workload) and work.today):
        yield here, "as_run is the generation of today.model, and there is no today section; expected a generation"
    elif work.tokens_counted_in and stated not in (AS_RUN, *deal.card.tokenizers):
        yield here, _unknown("tokenizer generation", stated, (*deal.card.tokenizers, AS_RUN))


def _cohorts(deal: Deal) -> Iterator[Finding]:
    sold = {name for offer in deal.offers.values() for name in offer.seats}
    known = [*dict.fromkeys([*(seat.id for seat in deal.card.seats), *sold, *deal.internal_tools, NONE])]
    for key, cohort in deal.cohorts.items():
        loc: Loc = ("cohorts", key)
        if cohort.starts is None or not -MAX_MONTHS_PAST <= deal.month(cohort.starts) < 0:
            yield from _starts(deal, cohort.starts, loc)
        for index, track in enumerate(cohort.tracks):
            here = (*loc, "tracks", index)
            if track not in known:
                yield here, f"no offer and no tool provides this track: {_unknown('track', track, known)}"
            elif track == NONE and cohort.unserved_usd_per_user_month is None:
                yield here, "none needs unserved_usd_per_user_month: what does a user who is not served cost?"
            elif track in deal.internal_tools and cohort.use is None:
                yield here, f"an internal tool meters all usage, so the cohort needs {USE}"
            elif track not in (NONE, *deal.internal_tools):
                yield from _seat_track(deal, key, track, here)
        if len(set(cohort.tracks)) < len(cohort.tracks):
            yield (*loc, "tracks"), "a track stands twice"
        yield from _controls(deal, cohort.requires, (*loc, "requires"))
        for name in cohort.covered_share:
            if name not in cohort.tracks:
                yield (*loc, "covered_share", name), _unknown("track of this cohort", name, cohort.tracks)
        if cohort.use:
            yield from _request(deal, cohort.use, (*loc, "use"))
            yield from _scored(deal, cohort.use, FAMILIES, (*loc, "use"))


def _seat_track(deal: Deal, cohort_id: str, seat_type: str, here: Loc) -> Iterator[Finding]:
    cohort = deal.cohorts[cohort_id]
    for offer_id, offer in deal.on_table.items():
        if seat_type not in offer.seats:
            continue
        covered = deal.covered_share(cohort_id, offer_id, seat_type)
        allowance = deal.seat_part(offer_id, seat_type).allowance
        if allowance is not None and seat_type in cohort.covered_share:
            beside = ("cohorts", cohort_id, "covered_share", seat_type)
            yield beside, f"covered_share and the allowance of {seat_type!r} in {offer_id} cannot stand together"
        if isinstance(allowance, Allowance) and cohort.use is None:
            usd = f"{allowance.usd_per_user_month:.10g} USD a user and month"
            yield here, f"{offer_id} includes {usd}, so the cohort needs {USE}"
        if covered < 1 and cohort.use is None:
            yield here, f"{offer_id} covers {covered:.0%} of the usage and meters the rest, so the cohort needs {USE}"
        if deal.seat_part(offer_id, seat_type).true_up == HARD_CAP:
            if covered < 1:
                yield here, f"hard_cap in {offer_id} needs covered_share 100%, found {covered:.0%}"
            if cohort.unserved_usd_per_user_month is None:
                yield here, f"hard_cap in {offer_id} needs unserved_usd_per_user_month of this cohort"


def _offers(deal: Deal) -> Iterator[Finding]:
    names = [name for name in (*model_names(deal), "all") if name not in deal.variants]
    for key, offer in deal.offers.items():
        loc: Loc = ("offers", key)
        if key in AT_LIST:
            yield loc, f"{key} is always on the table; give this offer another id"
        if min(offer.terms) > deal.horizon_months:
            yield (*loc, "terms"), f"no term ends within the horizon of {counted(deal.horizon_months, 'month')}"
        if (
            offer.api is not None
            and offer.api.excess == "counts_next"
            and len(offer.api.periods(range(min(offer.terms)))) == 1
        ):
            found = f"that of {counted(min(offer.terms), 'month')} has one; shorten the period, or leave that term out"
            yield (*loc, "api", "excess"), f"counts_next needs two commitment periods in every term, and {found}"
        yield from _controls(deal, offer.provides, (*loc, "provides"))
        for index, band in enumerate(offer.api.bands if offer.api else ()):
            for name in band.discount:
                if name not in names:
                    here = (*loc, "api", "bands", index, "discount", name)
                    yield here, _unknown_model(deal, name)
        for name, part in offer.seats.items():
            here = (*loc, "seats", name)
            if name == NONE or name in deal.internal_tools:
                yield here, f"{name!r} is a track of its own, not a seat type"
            if part.usd_per_user_month is None and deal.seat_list_usd(name, part.billing) is None:
                yield (
                    here,
                    f"usd_per_user_month is missing, and the card has no price of {name!r} billed {part.billing}",
                )
                continue
            yield from _list_price(deal, key, name, here)
            yield from _beside_allowance(deal, key, name, here)
            yield from _controls(deal, part.provides, (*here, "provides"))
            full = deal.seat_part(key, name)
            if full.maximum is not None and (full.minimum or 0) > full.maximum:
                yield here, f"minimum {full.minimum} is above maximum {full.maximum} (of its plan)"
            if part.counts_toward_commitment and offer.api is None:
                yield (*here, "counts_toward_commitment"), "the offer has no api part to draw down"


def _beside_allowance(deal: Deal, offer_id: str, seat_type: str, here: Loc) -> Iterator[Finding]:
    """What cannot stand beside an allowance does not stand beside that of the seat type either."""
    stated, full = deal.offers[offer_id].seats[seat_type], deal.seat_part(offer_id, seat_type)
    if stated.allowance is None and full.allowance is not None:
        for clause in clashes_with_allowance(full.model_copy(update={"covered_share": None})):
            yield here, f"{clause} and rates.seats.{seat_type}.allowance cannot stand together; keep one of them"


def _list_price(deal: Deal, offer_id: str, seat_type: str, here: Loc) -> Iterator[Finding]:
    """A list price is stated where it is needed and the card has none."""
    offer = deal.offers[offer_id]
    part = offer.seats[seat_type]
    if deal.seat_part(offer_id, seat_type).list_usd_per_user_month is not None:
        return
    needed = []
    if isinstance(part.true_up, TrueUp) and part.true_up.price == "list":
        needed.append("true_up.price list")
    if offer.renewal.price == "list" and min(offer.terms) < deal.horizon_months:
        needed.append("renewal list")
    if needed:
        lacks = f"the card has no price of {seat_type!r} billed {part.billing}"
        yield here, f"{' and '.join(needed)} needs a list price, and {lacks}; state list_usd_per_user_month"


def _uncertainty(deal: Deal) -> Iterator[Finding]:
    families = [*FAMILIES, MODELS, SEATS]
    for name, changes in deal.uncertainty.list_price_change_per_year.items():
        here: Loc = ("uncertainty", "list_price_change_per_year", name)
        if name not in families:
            yield here, _unknown("price family", name, families)
        if len(changes) > deal.years:
            yield (
                here,
                f"has {counted(len(changes), 'yearly change')}; the horizon has {counted(deal.years, 'contract year')}",
            )
    for key, event in deal.uncertainty.events.items():
        loc: Loc = ("uncertainty", "events", key)
        for index, name in enumerate(event.workloads):
            if name not in deal.workloads:
                yield (*loc, "workloads", index), _unknown("workload", name, deal.workloads)
        if 0 < min(event.probability, 1 - event.probability) < MIN_PROBABILITY:
            yield (*loc, "probability"), f"{event.probability:g} is {TOO_RARE}; expected 0, 1 or more than that apart"


def _scenarios(deal: Deal) -> Iterator[Finding]:
    weights = {name: scenario.weight for name, scenario in deal.scenarios.items()}
    if weights and sum(weights.values()) <= 0:
        yield ("scenarios",), "the weights add up to 0"
    for name, weight in weights.items():
        if 0 < weight < MIN_PROBABILITY * sum(weights.values()):
            yield ("scenarios", name, "weight"), f"{weight:g} is {TOO_RARE}; leave the scenario out, or give it 0"
    works, people = list(deal.workloads), list(deal.cohorts)
    known = {
        "requests_per_month": ("workload", works),
        "active_users": ("cohort", people),
        "requests_per_user_month": ("cohort", people),
        "list_price_index": ("price family", [*FAMILIES, SEATS]),
        "hit_rate": ("workload or cohort", [*works, *people]),
        "other_spend_usd_per_year": ("cloud commitment", [*deal.cloud_commitments]),
    }
    for key, scenario in deal.scenarios.items():
        for field, (what, names) in known.items():
            for name, path in getattr(scenario, field).items():
                here: Loc = ("scenarios", key, field, name)
                if name not in names:
                    yield here, _unknown(what, name, names)
                if field != "hit_rate":
                    of_cloud = field == "other_spend_usd_per_year"
                    years, months = (cloud_years(deal), 0) if of_cloud else (deal.years, deal.horizon_months)
                    yield from _path_length(path, years, months, here)


def _path_length(path: Sequence[float], years: int, months: int, here: Loc) -> Iterator[Finding]:
    """A path has one number, one per contract year, or one per month (months 0: not one per month)."""
    if len(path) not in (1, years, months):
        expected = f"1, {years} (contract years) or {months} (months)" if months else f"1 or {years} (years)"
        yield here, f"has {counted(len(path), 'value')}; expected {expected}"


def _controls(deal: Deal, names: Iterable[str], loc: Loc) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name not in deal.card.controls:
            yield (*loc, index), _unknown("control", name, deal.card.controls)


def _rest(deal: Deal) -> Iterator[Finding]:
    if not deal.workloads and not deal.cohorts:
        yield (), "there are neither workloads nor cohorts, so there is nothing to buy"
    if deal.tokens_counted_in not in (AS_RUN, *deal.card.tokenizers):
        here: Loc = ("tokens_counted_in",)
        yield here, _unknown("tokenizer generation", deal.tokens_counted_in, (*deal.card.tokenizers, AS_RUN))
    yield from _controls(deal, deal.requires_on_both_lines, ("requires_on_both_lines",))
    for model in deal.card.models:
        if model.tokenizer not in deal.card.tokenizers:
            here = ("rates", "models", model.id, "tokenizer")
            yield here, _unknown("tokenizer generation", model.tokenizer, deal.card.tokenizers)
    sold = [
        *dict.fromkeys([*(seat.id for seat in deal.card.seats), *(t for o in deal.offers.values() for t in o.seats)])
    ]
    for name, override in deal.rates.plans.items():
        for index, seat_type in enumerate(override.seats or ()):
            if seat_type not in sold:
                yield ("rates", "plans", name, "seats", index), _unknown("seat type", seat_type, sold)
    for name, tool in deal.internal_tools.items():
        yield from _controls(deal, tool.provides, ("internal_tools", name, "provides"))
    for kind in ("workloads", "cohorts", "internal_tools", "variants"):
        for name in getattr(deal, kind):
            if kind == "variants" and deal.variants[name].model not in model_names(deal):
                here = ("variants", name, "model")
                yield here, _unknown_model(deal, deal.variants[name].model)
            if kind == "variants" and name in FAMILIES:
                yield ("variants", name), "is the name of a slot; give the variant another id"
            if kind == "cohorts" and name in deal.workloads:
                yield ("cohorts", name), "a workload has the same id"
            if kind == "internal_tools" and (name == NONE or any(seat.id == name for seat in deal.card.seats)):
                yield ("internal_tools", name), "is the name of a seat type or of none; give the tool another id"
    for index, limit in enumerate(deal.limits):
        year = limit.contract_year
        if year is not None and year >= deal.years:
            yield ("limits", index, "of"), f"the horizon has {counted(deal.years, 'contract year')}"
    small = 0 < len(deal.scenarios) <= 300
    if deal.risk.criterion != "expected" and not small:
        yield (
            ("risk", "criterion"),
            f"{deal.risk.criterion} compares scenarios that the file lists, at most 300 under 'scenarios'; this one "
            + (f"lists {len(deal.scenarios)}" if deal.scenarios else "lists none"),
        )
