"""A restriction that is pinned is the same restriction written into the file: one question, one answer (model §7)."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from deal_solve import Deal, Infeasible, Proposal, loads, scenarios_of, solve, why_not
from deal_solve.deal.load import deal_from
from deal_solve.deal.yaml_source import Source
from deal_solve.plan.resolved import resolve
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import EXAMPLES
from tests.support.samples import in_every_run, seeds
from tests.support.solved import loaded

AS_TODAY = {"cache", "batchable", "cascades", "projects"}
"""What of a workload says how it could run otherwise than today."""


def routed_as_today(deal: Deal) -> list[str]:
    """Return the workloads that can be held to one model, as it runs today, in every month."""
    works = {name: work for name, work in deal.workloads.items() if work.today and work.quality.mean_floor is None}
    return [
        name
        for name, work in works.items()
        if work.today
        and not (work.today.cached or work.today.batch or work.shares)
        and all(epoch.option(work.today.model) is not None for epoch in resolve(deal).epochs(name))
    ]


def pinned(deal: Deal) -> Proposal:
    """Return today's routing without a project, and of every cohort the last of its tracks, as pins.

    Seats that no track takes could still be contracted for a bundle; in the file there are none.
    """
    works = {name: deal.workloads[name] for name in routed_as_today(deal)}
    last = {cohort.tracks[-1] for cohort in deal.cohorts.values()}
    return Proposal.model_validate(
        {
            "routing": {name: work.today.model for name, work in works.items() if work.today},
            "projects": {name: [] for name in works},
            "tracks": {name: cohort.tracks[-1] for name, cohort in deal.cohorts.items()},
            "seats": {seat_type: {"contracted": 0} for seat_type in deal.seat_types if seat_type not in last},
        }
    )


def written(deal: Deal) -> Deal:
    """Return the deal whose file leaves no other routing and no other track than those that `pinned` pins."""
    data: dict[str, Any] = copy.deepcopy(deal.written)
    for name in routed_as_today(deal):
        work = {key: value for key, value in data["workloads"][name].items() if key not in AS_TODAY}
        data["workloads"][name] = {**work, "models": [work["today"]["model"]]}
    for cohort in data.get("cohorts", {}).values():
        cohort["tracks"] = [cohort["tracks"][-1]]
        left = {track: share for track, share in cohort.get("covered_share", {}).items() if track in cohort["tracks"]}
        cohort["covered_share"] = left
    return deal_from(Source("", data))


def answers(deal: Deal) -> tuple[tuple[float, float | None], ...] | None:
    """Return objective, expected cost and reference of the deal under pins, and of the deal restricted in its file."""
    scenarios = scenarios_of(deal)
    try:
        alone = solve(written(deal), scenarios)
    except Infeasible:
        with pytest.raises(Infeasible):
            solve(deal, scenarios, fix=pinned(deal))
        return None
    under_pins = solve(deal, scenarios, fix=pinned(deal))
    return tuple(
        (found.objective_usd, None if found.baseline_cost is None else float(scenarios.weights @ found.baseline_cost))
        for found in (under_pins, alone)
    )


def agree(deal: Deal) -> bool:
    """Whether there is a plan; fails where the two answers are not one."""
    found = answers(deal)
    if found is None:
        return False
    under_pins, alone = found
    assert under_pins[0] == pytest.approx(alone[0], rel=2e-6, abs=0.05)
    assert under_pins[1] == (None if alone[1] is None else pytest.approx(alone[1], rel=2e-6, abs=0.05))
    return True


@pytest.mark.parametrize("name", in_every_run((path.stem for path in EXAMPLES), slow={"start-up"}))
def test_pins_are_the_restriction_written_into_the_file_in_every_example(name):
    """Without limits, which say nothing of the reference and may leave no plan under the pins."""
    assert agree(loaded(name).model_copy(update={"limits": ()}))


@pytest.mark.parametrize("seed", seeds((1, 2, 5, 6), 50))
def test_pins_are_the_restriction_written_into_the_file_in_generated_deals(seed):
    """Of loss at P90, whatever risk was drawn, so that the reference counts in every one."""
    data = random_deal(np.random.default_rng(seed))
    agree(read({**data, "risk": {"weight": 0.5, "confidence": 0.7, "on": "loss"}}))


BUYER = """
start: 2027-01
horizon_months: 12
risk: {weight: 0.5, confidence: 0.6, on: loss}
workloads:
  bot:
    requests_per_month: {low: 40k, high: 60k}
    input_tokens: 10000
    output_tokens: 1000
    today: {model: claude-opus-5}
    models: [claude-opus-5, claude-sonnet-5]
offers:
  quote:
    api: {bands: [{commit_usd_per_year: 50k, discount: 10%}], overage: list}
"""


def test_the_reference_of_a_pinned_routing_keeps_the_routing():
    """50,000 requests a month of 10,000 + 1,000 tokens cost 0.075 USD each on Opus, 45,000 a year; 0.03 on Sonnet.

    Without the pin the reference runs on Sonnet for 18,000; with it, and with `models: [claude-opus-5]`, on Opus.
    """
    deal = loads(BUYER)
    fix = Proposal.model_validate({"routing": {"bot": "claude-opus-5"}, "projects": {"bot": []}})
    found, free = solve(deal, fix=fix), solve(deal)
    weights = scenarios_of(deal).weights
    assert free.baseline_cost is not None and found.baseline_cost is not None
    assert weights @ free.baseline_cost == pytest.approx(18_000)
    assert weights @ found.baseline_cost == pytest.approx(45_000)
    assert "keeps the same routing" in " ".join(found.notes)
    assert not free.notes
    narrow = solve(loads(BUYER.replace(", claude-sonnet-5]", "]")))
    assert found.objective_usd == pytest.approx(narrow.objective_usd)
    answer = why_not(free, "routing.bot=claude-opus-5")
    assert answer.objective_usd == pytest.approx(narrow.objective_usd)
