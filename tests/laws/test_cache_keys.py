"""A key changes with every field of a deal but those that are proven irrelevant to the answer that is kept under it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from deal_solve import Deal, load, sample, scenarios_of
from deal_solve.analysis.sweep.same_scenarios import CERTAIN
from deal_solve.formulation.model.scenario_sums import ScenarioSums
from deal_solve.optimise.search import cache_keys
from deal_solve.optimise.search.cache_keys import BASELINE, SUMS, WORDS, agreement_keys, without
from deal_solve.uncertainty.scenario_set import PATHS, Scenarios, ScenarioSet, ready
from tests.support.fields import Field, Place, changed, declared, places
from tests.support.samples import SLOW

HERE = Path(__file__).parent
DEALS = {
    name: load(HERE / f"{name}.yaml") for name in ("every-field", "every-scenario", "every-cloud", "every-signing")
}
CANNOT_CHANGE: dict[Field, str] = {
    ("Deal", "schema_version"): "it has one value",
    ("Bucket", "share"): "shares add up to 1: they change together, as the list that they stand in",
    ("WritesByTtl", "five_minutes"): "shares add up to 1: they change together, as the field that they stand in",
    ("WritesByTtl", "one_hour"): "the same",
    ("UserClass", "share"): "shares, and shares times factors, add up to 1: they change together, as the list",
    ("UserClass", "factor"): "the same",
    ("Allowance", "beyond"): "blocked asks for refused_usd_per_usd, which billed refuses: they change together",
    ("InForce", "offer"): "its bands and seat types are those of the agreement: they change together",
    ("InForce", "ends"): "it and the start of the commitment period are whole periods apart: they change together",
    ("ApiInForce", "period_started"): "the same",
    ("ApiInForce", "band_usd_per_year"): "it is one of the offer's bands: it changes with them",
    ("Credit", "pays"): "charges ask for within_months, which balance refuses: they change together",
}
COMMITMENTS = "offers.*.api.bands with a commitment, and all that is of the API part of offers with none without"

KEYS: dict[str, tuple[Callable[[Deal], str], tuple[str, ...]]] = {
    "sums": (cache_keys.sums_key, SUMS),
    "baseline": (cache_keys.baseline_key, (*BASELINE, COMMITMENTS)),
    "one": (
        lambda deal: agreement_keys(deal, ["one"])["one"],
        (*WORDS, "offers.two.api", "offers.two.bundle"),
    ),
    "list": (
        lambda deal: agreement_keys(deal, ["list"])["list"],
        (*WORDS, "offers.*.api", "offers.*.bundle", "offers.*.terms.*.api"),
    ),
}
"""How a key is made of a deal, and the parts of the deal that it does not depend on."""


@cache
def changes() -> list[tuple[str, Place, Deal]]:
    """Return every place in the deals, and the deal with another value there."""
    every = [(name, place, changed(deal, place)) for name, deal in DEALS.items() for place in places(deal)]
    return [(name, place, deal) for name, place, deal in every if deal is not None]


def test_every_field_that_a_deal_can_have_is_changed_by_these_tests() -> None:
    """A new field is set in every-field.yaml (or every-scenario.yaml) to something else than its default."""
    reached = {place.field for _, place, _ in changes()}
    assert declared() - reached == set(CANNOT_CHANGE)


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_changes_with_every_field_that_is_not_proven_irrelevant(kind: str) -> None:
    key_of, irrelevant = KEYS[kind]
    for name, place, deal in changes():
        is_same = key_of(deal) == key_of(DEALS[name])
        assert is_same == any(_is_in(DEALS[name], place, part) for part in irrelevant), f"{kind}: {name}: {place.path}"


@pytest.mark.parametrize("kind", KEYS)
def test_every_part_that_is_called_irrelevant_is_a_part_of_a_deal(kind: str) -> None:
    for part in KEYS[kind][1]:
        assert any(_is_in(DEALS[name], place, part) for name, place, _ in changes()), part


def _is_in(deal: Deal, place: Place, part: str) -> bool:
    """Whether a place lies in a part of a deal."""
    loc = place.loc
    if part == COMMITMENTS:
        is_of_api = loc[2:3] in (("api",), ("bundle",)) or (loc[2:3] == ("terms",) and loc[4:] == ("api",))
        if loc[0] != "offers" or not is_of_api:
            return False
        api = deal.offers[str(loc[1])].api
        commits = [] if api is None else [band.commit_usd_per_year > 0 for band in api.bands]
        return all(commits) if loc[3:4] != ("bands",) or len(loc) < 5 else commits[int(loc[4])]
    path = part.split(".")
    return len(loc) >= len(path) and all(name in ("*", step) for name, step in zip(path, loc, strict=False))


def test_what_is_irrelevant_to_the_sums_changes_none_of_them() -> None:
    sums = {name: ScenarioSums(deal, scenarios_of(deal)) for name, deal in DEALS.items()}
    for name, place, deal in changes():
        if any(_is_in(DEALS[name], place, part) for part in SUMS):
            found, known = ScenarioSums(deal, scenarios_of(DEALS[name])), sums[name]
            assert np.array_equal(found.requests, known.requests), place.path
            assert np.array_equal(found.discounted_requests, known.discounted_requests)
            assert np.array_equal(found.active, known.active)
            assert all(np.array_equal(found.other_spend[name], usd) for name, usd in known.other_spend.items())
            assert found.intervals == known.intervals
            for month, (edges, buckets) in known.buckets.items():
                assert found.buckets[month][0] == edges
                assert np.array_equal(found.buckets[month][1], buckets)
            for family, levels in known.index.items():
                assert all(map(np.array_equal, found.index[family], levels))
            assert all(np.array_equal(found.hit[key], rates) for key, rates in known.hit.items())


@pytest.mark.parametrize("step", [16, pytest.param(1, marks=SLOW)])
def test_what_is_called_certain_changes_no_scenario(step: int) -> None:
    def alone(deal: Deal) -> Scenarios:
        return scenarios_of(deal) if deal.scenarios else sample(deal, count=2, seed=1)

    known = {name: parts_of(alone(deal)) for name, deal in DEALS.items()}
    for name, place, deal in [each for each in changes() if each[1].loc[0] in CERTAIN][::step]:
        assert parts_of(alone(deal)) == known[name], place.path


def parts_of(scenarios: Scenarios) -> list[object]:
    """Return the numbers of a scenario set, to be compared."""
    whole = cast("ScenarioSet", ready(scenarios)).all_months()
    return [
        whole.weights.tolist(),
        *({key: each.tolist() for key, each in getattr(whole, part).items()} for part in PATHS),
    ]


def test_parts_are_left_out_by_their_paths() -> None:
    data = {"a": 1, "b": {"x": {"c": 2, "d": 3}, "y": {"d": 4}, "z": None}}
    assert without(data, ("a", "b.*.c")) == {"b": {"x": {"d": 3}, "y": {"d": 4}, "z": None}}
    assert without(data, ("b.y", "q.r")) == {"a": 1, "b": {"x": {"c": 2, "d": 3}, "z": None}}
    assert data["b"] == {"x": {"c": 2, "d": 3}, "y": {"d": 4}, "z": None}
