"""Clauses of the API agreement and of offers (model §4, §6)."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.clauses.registry import (
    ABSENT,
    DROP,
    Data,
    absent,
    add,
    apis,
    bands,
    by_year,
    committing,
    deal,
    losing,
    losing_offers,
    offers,
    present,
    renewed,
    rollovers,
    tested_as_billed,
)

# Section 4: the API agreement

add("overage=contracted", tested_as_billed, "overage", "contracted", "list")
add("overage=list", committing, "overage", "list", "contracted")
add("overage=premium", committing, "overage", lambda v: isinstance(v, dict) and v["premium"] > 0, "list")
add("overage=below list", committing, "overage", lambda v: isinstance(v, dict) and v["premium"] < 0, "list")
add("unused=forfeited", tested_as_billed, "unused", absent, lambda _: {"rollover": 1.0})
add("unused=rollover", committing, "unused", present, DROP)
add("rollover share=1", rollovers, "rollover", 1.0, 0.5)
add("rollover share<1", rollovers, "rollover", lambda v: v < 1, 1.0)
add("rollover cap=none", rollovers, "cap", absent, 0.05)
add("rollover cap<1", rollovers, "cap", present, DROP)
for _period in ("year", "half", "quarter", "month"):
    add(f"period={_period}", losing, "period", _period, "quarter" if _period == "year" else "year")
add("period=term", committing, "period", "term", "year")
add("yearly_minimum", committing, "yearly_minimum", present, DROP)
add("payment=prepaid", committing, "payment", "prepaid", "arrears")
add("payment=prepaid_yearly", committing, "payment", "prepaid_yearly", "prepaid")
add("payment=arrears", tested_as_billed, "payment", "arrears", "prepaid")
add("excess=counts_next", committing, "excess", "counts_next", DROP)
add("measured_at=list", committing, "measured_at", present, DROP)
add("shortfall_at=contracted", committing, "shortfall_at", "contracted", "list")
add("ramp=none", by_year, "ramp", absent, "free")
add("ramp=factors", committing, "ramp", lambda v: isinstance(v, list), DROP)
add("ramp=free", committing, "ramp", "free", DROP)
add("step_usd", committing, "step_usd", present, DROP)
add("credit=balance", committing, "credit", lambda v: isinstance(v, dict) and v["pays"] == "balance", DROP)
add("credit=charges", apis, "credit", lambda v: isinstance(v, dict) and v["pays"] == "charges", DROP)


def _is_family(discount: Any) -> bool:
    return isinstance(discount, dict) and "all" not in discount


def _is_model(discount: Any) -> bool:
    return isinstance(discount, dict) and "all" in discount


add("discount=single", bands, "discount", lambda v: not isinstance(v, dict), lambda v: {"sonnet": v})
add("discount=family", bands, "discount", _is_family, lambda v: min(v.values()))
add("discount=model", bands, "discount", _is_model, lambda v: v["all"])
add("bands=several", committing, "bands", lambda v: sum(b["commit_usd_per_year"] > 0 for b in v) > 1, lambda v: v[:1])
add("bands=zero", apis, "bands", lambda v: v[0]["commit_usd_per_year"] == 0 and len(v) > 1, lambda v: v[1:])


# Section 6: offers


def _without_term(length: int) -> Callable[[Data], Data | None]:
    def change(terms: Data) -> Data | None:
        rest = {key: value for key, value in terms.items() if key != length}
        return rest if rest and min(rest) < 36 else None

    return change


def _price(renewal: Any) -> Any:
    return renewal["price"] if isinstance(renewal, dict) and "price" in renewal else renewal


def _returns(renewal: Any) -> bool:
    return isinstance(renewal, dict) and renewal.get("may_return", False)


def _on_the_table(papers: Data) -> list[str]:
    return [name for name, paper in papers.items() if paper.get("on_the_table", True)]


def _first_alone(papers: Data) -> Data:
    """Return the first offer on the table, and the one that an agreement in force was taken from."""
    return {name: paper for name, paper in papers.items() if name not in _on_the_table(papers)[1:]}


for _length in (12, 24, 36):
    add(f"term={_length}", losing_offers, "terms", lambda v, n=_length: n in v, _without_term(_length))
add("terms=several", losing_offers, "terms", lambda v: len(v) > 1, lambda v: {min(v): v[min(v)]})
add("term discount", offers, "terms", lambda v: any(any(t.values()) for t in v.values()), lambda v: {n: {} for n in v})
add("discounts=add", offers, "discounts", "add", DROP)
add("protection=none", offers, "price_protection", "none", "locked")
add("protection=locked", offers, "price_protection", "locked", "none")
add("protection=pass_through", offers, "price_protection", "pass_through", "none")
add("protection=capped", offers, "price_protection", lambda v: isinstance(v, dict), "none")
add("renewal=same", renewed, "renewal", lambda v: _price(v) == "same", lambda _: {"uplift": 0.1})
add("renewal=list", renewed, "renewal", lambda v: _price(v) == "list", "same")
add("renewal=uplift", renewed, "renewal", lambda v: isinstance(_price(v), dict), "same")
add(
    "renewal must be taken",
    renewed,
    "renewal",
    lambda v: isinstance(v, dict) and "may_leave" in v,
    lambda v: v["price"],
)
add("renewal may be taken again", renewed, "renewal", _returns, lambda v: v["price"])
add("renewal_cap", renewed, "renewal_cap", lambda v: v is not ABSENT, DROP)
add("exclusive", offers, "exclusive", present, DROP)
add("bundle", offers, "bundle", present, DROP)
add("offers=several", deal, "offers", lambda v: len(_on_the_table(v)) > 1, _first_alone)
add("provides", offers, "provides", present, DROP)


# Section E: cloud commitments and channels


def channels(data: Data) -> Iterator[Data]:
    yield from (offer["channel"] for offer in offers(data) if "channel" in offer)


def clouds(data: Data) -> Iterator[Data]:
    yield from data.get("cloud_commitments", {}).values()


add("channel", offers, "channel", present, DROP)
add("channel counts", channels, "counts", lambda v: v is not ABSENT and v < 1, DROP)
add("channel fee", channels, "fee", present, DROP)
add("cloud cap", clouds, "cap_share", present, DROP)
add("cloud spend uncertain", clouds, "other_spend_usd_per_year", lambda v: isinstance(v, dict), lambda v: v["p50"])
