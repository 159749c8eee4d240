"""A deal with fields changed is the deal of the edited file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, InputError, load, loads, value_at, varied
from deal_solve.deal.edit import with_changes
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import EXAMPLES, SCENARIOS
from tests.support.solved import loaded


@pytest.fixture(scope="module")
def hybrid() -> Deal:
    return loaded("hybrid")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_changed_is_the_same_deal(path: Path) -> None:
    deal = load(path)
    assert varied(deal, {}) == deal
    bare = Deal.model_validate(deal.model_dump(by_alias=True))  # no file stands behind it
    assert varied(bare, {}) == deal


def test_a_change_is_an_edit_of_the_file() -> None:
    text = (SCENARIOS / "hybrid.yaml").read_text(encoding="utf-8")
    edited = loads(
        text.replace("{commit_usd_per_year: 500k, discount: 9%}", "{commit_usd_per_year: 500k, discount: 11%}")
    )
    assert varied(loads(text), {"offers.product-quote.api.bands[1].discount": "11%"}) == edited


def test_an_offer_that_extends_a_changed_one_changes_with_it_and_not_the_other_way_round(hybrid: Deal) -> None:
    path = "api.bands[2].discount.opus"
    both = varied(hybrid, {f"offers.product-quote.{path}": 0.2})
    one = varied(hybrid, {f"offers.one-paper.{path}": 0.2})
    assert [value_at(both, f"offers.{offer}.{path}") for offer in ("product-quote", "one-paper")] == [0.2, 0.2]
    assert [value_at(one, f"offers.{offer}.{path}") for offer in ("product-quote", "one-paper")] == ["16%", 0.2]
    assert one.offers["one-paper"].seats == hybrid.offers["one-paper"].seats


def test_p50_of_a_number_is_the_number_and_of_plus_minus_its_middle(hybrid: Deal) -> None:
    changed = varied(
        hybrid,
        {
            "workloads.support-bot.growth_per_year.p50": 0.5,
            "workloads.extraction.requests_per_month.p50": 1e6,
            "workloads.assistant.requests_per_month.p50": 8e5,
        },
    )
    assert changed.workloads["support-bot"].growth_per_year.quantiles == (0.5, 0.5, 0.5)
    assert changed.workloads["extraction"].requests_per_month.quantiles == (7e5, 1e6, 1.3e6)
    assert changed.workloads["assistant"].requests_per_month.quantiles == (3.5e5, 8e5, 1.4e6)
    assert value_at(hybrid, "workloads.extraction.requests_per_month.p50") == 9e5
    assert value_at(hybrid, "workloads.support-bot.growth_per_year.p50") == 0.25


def test_a_star_is_every_name_that_stands_there(hybrid: Deal) -> None:
    """As with --set: all workloads at once; what is read has to be one value."""
    path = "workloads.*.growth_per_year"
    changed = varied(hybrid, {path: "10%"})
    assert {work.growth_per_year.quantiles for work in changed.workloads.values()} == {(0.1, 0.1, 0.1)}
    assert changed.workloads.keys() == hybrid.workloads.keys()
    assert changed == with_changes(hybrid, [f"{path}=10%"]).model_copy(update={"title": hybrid.title})
    assert value_at(changed, path) == "10%"
    with pytest.raises(InputError, match=r"workloads\.\*\.growth_per_year: stands for several values today \("):
        value_at(hybrid, path)
    with pytest.raises(InputError, match=r"horizon_months has no names that \* could stand for"):
        varied(hybrid, {"horizon_months.*": 1})


@pytest.mark.parametrize("path", ["*", "**", "*.headcount", "workloads*.x", "workloads.*x", "offers.**.terms"])
def test_a_star_that_is_no_name_is_refused(hybrid: Deal, path: str) -> None:
    with pytest.raises(InputError, match=r"\* stands for names only; expected a path like workloads\.\*\."):
        value_at(hybrid, path)


def test_a_clause_at_its_default_can_be_read_and_set(hybrid: Deal) -> None:
    assert value_at(hybrid, "offers.product-quote.price_protection") == "none"
    changed = varied(hybrid, {"offers.product-quote.price_protection": "locked"})
    assert changed.offers["product-quote"].price_protection == "locked"
    assert changed.offers["one-paper"].price_protection == "pass_through"  # which states its own


def test_a_replaced_part_is_not_forgotten(hybrid: Deal) -> None:
    shorter = hybrid.model_copy(update={"horizon_months": 24})
    assert varied(shorter, {"title": "other"}).horizon_months == 24


def test_where_a_part_was_replaced_offers_still_follow_what_they_extend(hybrid: Deal) -> None:
    neutral = hybrid.model_copy(update={"risk": hybrid.risk.model_copy(update={"weight": 0.0})})
    changed = varied(neutral, {"offers.product-quote.api.bands[2].discount.opus": 0.2})
    assert value_at(changed, "offers.one-paper.api.bands[2].discount.opus") == 0.2
    assert changed.risk.weight == 0


@pytest.mark.parametrize("seed", range(40))
def test_generated_deals_survive_as_plain_data(seed: int) -> None:
    deal = read(random_deal(np.random.default_rng(seed))).model_copy(update={"title": "no file stands behind it"})
    assert varied(deal, {}) == deal


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("offers.one.api.overage", "list", "offers has no 'one'"),
        ("offers.one-paper.api.bands[7].discount", 0, r"has 3 entries, \[0\] to \[2\]"),
        ("horizon_months.x", 1, "is one value, 36"),
        ("offers..x", 1, "is not a path"),
        ("", 1, "is not a path"),
        ("workloads.assistant.grwth_per_year", 1, "did you mean 'growth_per_year'"),
        ("workloads.assistant.requests_per_month.p50", "9M", "the quantiles cross"),
        ("offers.one-paper.api.overage", "cheap", "'cheap' is not possible"),
    ],
)
def test_a_wrong_path_or_value_is_one_clear_error(hybrid: Deal, path: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        varied(hybrid, {path: value})


def test_there_is_nothing_at_a_wrong_path(hybrid: Deal) -> None:
    with pytest.raises(InputError, match="did you mean 'assistant'"):
        value_at(hybrid, "workloads.asistant.growth_per_year")


def test_what_if_sets_a_field_of_every_name_at_once_and_the_title_says_so(hybrid: Deal) -> None:
    changed = with_changes(hybrid, ["workloads.*.growth_per_year=10%", "risk = neutral"])
    assert {work.growth_per_year.quantiles for work in changed.workloads.values()} == {(0.1, 0.1, 0.1)}
    assert changed.risk.weight == 0
    assert changed.title == f"{hybrid.title} (if workloads.*.growth_per_year = 10%; risk = neutral)"
    edited = {f"workloads.{name}.growth_per_year": "10%" for name in hybrid.workloads} | {"risk": "neutral"}
    assert changed.model_copy(update={"title": hybrid.title}) == varied(hybrid, edited)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("workloads.*.growth_per_year", "expected PATH=VALUE"),
        ("title.*.x=1", r"title has no names that \* could stand for"),
        ("workloads.*.growth=1", "is not a known key"),
        ("growth=1", r"^--set growth: is not a known key; did you mean 'workloads\.[\w-]+\.growth_per_year'\?$"),
        ("terms=12", r"did you mean 'offers\.[\w-]+\.terms'"),
        ("workloads.asistant.growth_per_year=1", "did you mean 'assistant'"),
    ],
)
def test_a_what_if_that_cannot_be_is_one_clear_error(hybrid: Deal, change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_changes(hybrid, [change])
