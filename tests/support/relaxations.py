"""Clauses relaxed in the buyer's favour: none of them may ever raise the optimum (model §9.8)."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from pydantic_core import to_jsonable_python

from deal_solve.analysis.clauses.steps import parts_of
from deal_solve.deal.clauses.clause import Clause
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.rate_card import load_card
from tests.support.clauses import risk_of
from tests.support.generators.estimate import read

Data = dict[str, Any]
Change = Callable[[Data], Iterator[bool]]
"""Changes a deal in place and yields once for every place that was relaxed."""

RELAXATIONS: dict[str, Change] = {}


def relaxed_by(data: Data, name: str) -> Data | None:
    """Return the deal with one clause relaxed wherever it stands; None if it stands nowhere."""
    relaxed = copy.deepcopy(data)
    return relaxed if list(RELAXATIONS[name](relaxed)) else None


def lawful(data: Data) -> Data:
    """Return the deal with an objective and limits for which the laws hold.

    Loss and regret compare with what the relaxed deal changes too, so they give way to cost. Rollover and arrears move
    payments between contract years, so limits on single years are left out. Where a commitment is measured at list a
    cheaper option closes those that are dearer, and a deeper discount counts less in a bundle, so it is not.
    """
    deal, risk = copy.deepcopy(data), risk_of(data["risk"])
    if risk.get("criterion") == "regret":
        deal["risk"] = "neutral"
    elif "criterion" not in risk:
        deal["risk"] = {**risk, "on": "cost"}
    for api in _apis(deal):
        api.pop("measured_at", None)
        api.pop("shortfall_at", None)
    deal["limits"] = [limit for limit in data.get("limits", []) if not limit["of"].startswith("contract year")]
    return deal


def _named(name: str) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        RELAXATIONS[name] = change
        return change

    return register


def _offers(data: Data) -> Iterator[Data]:
    yield from data["offers"].values()


def _apis(data: Data) -> Iterator[Data]:
    yield from (offer["api"] for offer in _offers(data) if "api" in offer)


def _seats(data: Data) -> Iterator[Data]:
    yield from (part for offer in _offers(data) for part in offer.get("seats", {}).values())


def _requests(data: Data) -> Iterator[Data]:
    yield from data["workloads"].values()
    yield from (one["use"] for one in data["cohorts"].values() if "use" in one)


def _one_step(clause: Clause) -> Change:
    """Return the step of a clause towards the buyer, as the registry has it, in every offer that has one to take."""

    def change(data: Data) -> Iterator[bool]:
        deal = read(data)
        for name, offer in data["offers"].items():
            for where, part in parts_of(deal, name, clause):
                wording = clause.wording(part)
                if wording is not None and wording.fields is not None:
                    inside = (
                        offer
                        if clause.part == "offer"
                        else offer["api"]
                        if clause.part == "api"
                        else offer["seats"][where]
                    )
                    inside.update(to_jsonable_python(wording.fields))
                    yield True

    return change


RELAXATIONS.update({clause.name: _one_step(clause) for clause in CLAUSES if clause.better and clause.is_law})


def _drop(maps: Iterator[Data], key: str) -> Iterator[bool]:
    for each in maps:
        if key in each:
            del each[key]
            yield True


@_named("a larger discount")
def _(data: Data) -> Iterator[bool]:
    for api in _apis(data):
        for band in api["bands"]:
            given = band["discount"]
            more = {key: d + 0.03 for key, d in given.items()} if isinstance(given, dict) else given + 0.03
            band["discount"] = more
            yield True


@_named("one more band")
def _(data: Data) -> Iterator[bool]:
    for api in _apis(data):
        last = api["bands"][-1]["commit_usd_per_year"]
        api["bands"].append({"commit_usd_per_year": 1.2 * last + 1000, "discount": 0.3})
        yield True


@_named("cloud: a larger cap")
def _(data: Data) -> Iterator[bool]:
    for cloud in data.get("cloud_commitments", {}).values():
        if "cap_share" in cloud:
            cloud["cap_share"] = min(2 * cloud["cap_share"], 1.0)
            yield True


@_named("cloud: more other spend")
def _(data: Data) -> Iterator[bool]:
    for cloud in data.get("cloud_commitments", {}).values():
        spend = cloud["other_spend_usd_per_year"]
        if isinstance(spend, list):
            cloud["other_spend_usd_per_year"] = [1.2 * usd for usd in spend]
            yield True


@_named("renewal: uplift to same")
def _(data: Data) -> Iterator[bool]:
    for offer in _offers(data):
        renewal = offer.get("renewal")
        if isinstance(renewal, dict) and "uplift" in renewal:
            offer["renewal"] = "same"
            yield True
        elif isinstance(renewal, dict) and isinstance(renewal["price"], dict):
            offer["renewal"] = {**renewal, "price": "same"}
            yield True


@_named("an offer that may be left")
def _(data: Data) -> Iterator[bool]:
    for offer in _offers(data):
        renewal = offer.get("renewal")
        if isinstance(renewal, dict) and not renewal.get("may_leave", True):
            offer["renewal"] = renewal["price"]
            yield True


@_named("a bundle")
def _(data: Data) -> Iterator[bool]:
    for offer in _offers(data):
        if "bundle" not in offer and "api" in offer and "seats" in offer:
            offer["bundle"] = [{"combined_usd_per_year": 20_000, "seats": 0.05, "api": 0.05}]
            yield True


@_named("one more offer")
def _(data: Data) -> Iterator[bool]:
    data["offers"]["third"] = {
        "terms": [12],
        "api": {"bands": [{"commit_usd_per_year": 30_000, "discount": 0.2}], "overage": "contracted"},
    }
    yield True


@_named("seats: a higher maximum")
def _(data: Data) -> Iterator[bool]:
    for part in _seats(data):
        if "maximum" in part:
            part["maximum"] *= 2
            yield True


@_named("usage: no quality floor")
def _(data: Data) -> Iterator[bool]:
    for request in _requests(data):
        if request.get("quality"):
            yield from _drop(iter((request["quality"],)), "floor")
            yield from _drop(iter((request["quality"],)), "mean_floor")


@_named("usage: no limits on shares")
def _(data: Data) -> Iterator[bool]:
    yield from _drop(_requests(data), "shares")


@_named("usage: more models")
def _(data: Data) -> Iterator[bool]:
    for work in data["workloads"].values():
        more = [name for name in ("sonnet", "haiku") if name not in work["models"]]
        work["models"] += more
        yield from (True for _ in more)


@_named("usage: projects for nothing, ready at once")
def _(data: Data) -> Iterator[bool]:
    yield from _drop(iter(data["workloads"].values()), "projects")


@_named("no required controls")
def _(data: Data) -> Iterator[bool]:
    yield from _drop(iter((*data["workloads"].values(), *data["cohorts"].values())), "requires")
    yield from _drop(iter((data,)), "requires_on_both_lines")


@_named("no limits")
def _(data: Data) -> Iterator[bool]:
    if data.pop("limits"):
        yield True


@_named("leaving people unserved")
def _(data: Data) -> Iterator[bool]:
    for one in data["cohorts"].values():
        if "none" not in one["tracks"]:
            one["tracks"].append("none")
            one.setdefault("unserved_usd_per_user_month", 20)
            yield True


# The other laws


def scaled(data: Data, factor: float) -> Data:
    """Return the deal with every amount in dollars times a factor, list prices included."""
    deal = copy.deepcopy(data)
    overrides = deal["rates"].setdefault("models", {})
    card = load_card()
    for model in card.models:
        own, rates = overrides.setdefault(model.id, {}), card.rates(model.id)
        for name in (
            "input_usd_per_mtok",
            "output_usd_per_mtok",
            "long_input_usd_per_mtok",
            "long_output_usd_per_mtok",
        ):
            if getattr(rates, name) is not None:
                own.setdefault(name, getattr(rates, name))
    prices = {seat.id: seat.usd_on(card.as_of).model_dump(exclude_none=True) for seat in card.seats}
    deal["rates"]["seats"] = {name: {"usd_per_user_month": usd} for name, usd in prices.items()}
    _scale(deal, factor)
    return deal


def _scale(node: Any, factor: float) -> None:
    """Multiply every number under a key that names dollars."""
    if isinstance(node, list):
        for item in node:
            _scale(item, factor)
    elif isinstance(node, dict):
        for key, value in node.items():
            is_ratio = key == "refused_usd_per_usd"
            named = isinstance(key, str) and not is_ratio and ("usd" in key.split("_") or key == "at_most")
            if named:
                node[key] = _times(value, factor)
            else:
                _scale(value, factor)


def _times(value: Any, factor: float) -> Any:
    """Return dollars times a factor: a number, a list of them, a band, prices by billing, or amounts by name."""
    if isinstance(value, dict):
        return {name: _times(usd, factor) for name, usd in value.items()}
    if isinstance(value, list):
        return [_times(usd, factor) for usd in value]
    return value * factor if isinstance(value, int | float) else value


def split(data: Data) -> Data | None:
    """Return the deal with its first workload in two halves that share every scenario; None without a workload."""
    deal = copy.deepcopy(data)
    if not deal["workloads"]:
        return None
    name, work = next(iter(deal["workloads"].items()))
    work.pop("projects", None)
    for volume in work.keys() & {"requests_per_month", "spend_usd_per_month"}:
        work[volume] = _half(work[volume])
    deal["workloads"]["other-half"] = copy.deepcopy(work)
    for future in deal.get("scenarios", {}).values():
        paths = future.get("requests_per_month", {})
        if name in paths:
            paths["other-half"] = paths[name] = _half(paths[name])
        if name in future.get("hit_rate", {}):
            future["hit_rate"]["other-half"] = future["hit_rate"][name]
    for event in deal.get("uncertainty", {}).get("events", {}).values():
        if name in event["workloads"]:
            event["workloads"].append("other-half")
    return deal


def _half(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item / 2 for key, item in value.items()}
    return [item / 2 for item in value] if isinstance(value, list) else value / 2


def unsplit(data: Data) -> Data:
    """Return the deal whose first workload `split` halves: without its projects."""
    deal = copy.deepcopy(data)
    next(iter(deal["workloads"].values())).pop("projects", None)
    return deal
