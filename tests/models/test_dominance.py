"""Options that another one dominates: left out, and never missed."""

import numpy as np
import pytest

from deal_solve import Infeasible, scenarios_of, solve
from deal_solve.formulation.build import formulate
from deal_solve.formulation.clauses import routing
from deal_solve.formulation.clauses.api.rates import api_agreements
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import EXAMPLES
from tests.support.samples import in_every_run, seeds
from tests.support.solved import loaded, solved

RATES = {"models": {name: {"family": "opus", "input_usd_per_mtok": usd, "output_usd_per_mtok": 5 * usd}
                    for name, usd in (("cheap", 1), ("dear", 2), ("best", 3))}}  # fmt: skip


def everything(billing, options):
    return options


def deal_with(**work):
    scores = {"cheap": 0.8, "dear": 0.8, "best": 0.9}
    app = {"requests_per_month": 1e6, "input_tokens": 1e3, "output_tokens": 100, "models": list(scores)}
    return read({"start": "2027-01", "horizon_months": 12, "rates": RATES, "workloads": {"app": app | work}})


def keys(deal):
    (path,) = formulate(deal, scenarios_of(deal), api_agreements(deal)).paths
    return {key for _, _, key in path.routing.shares}


@pytest.mark.parametrize(
    ("work", "kept"),
    [
        ({}, {"cheap"}),  # the same family at a lower rate, nothing else asked
        ({"quality": {"mean_floor": 0.85, "scores": {"cheap": 0.8, "dear": 0.8, "best": 0.9}}}, {"cheap", "best"}),
        ({"shares": {"cheap": {"maximum": 0.5}}}, {"cheap", "dear"}),  # dear still dominates best
        ({"batchable": 0.4}, {"cheap", "cheap+batch"}),  # half the price, but not for all requests
        ({"batchable": 0.4, "projects": {"batch": {"usd": 1, "ready_month": 0}}}, {"cheap", "cheap+batch"}),
    ],
)
def test_what_is_dominated_has_no_share(work, kept):
    assert keys(deal_with(**work)) == kept


@pytest.mark.parametrize(
    "name", in_every_run((path.stem for path in EXAMPLES), slow={"hybrid", "regulated", "start-up"})
)
def test_nothing_is_missed_in_the_examples(name, monkeypatch):
    deal, found = loaded(name), solved(name).objective_usd
    monkeypatch.setattr(routing, "nondominated_options", everything)
    assert solve(deal).objective_usd == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("number", seeds(10, 25))
def test_nothing_is_missed_in_generated_deals(number, monkeypatch):
    deal = read(random_deal(np.random.default_rng([11, number])))
    if deal.risk.criterion == "regret" and scenarios_of(deal).size > 12:
        return
    try:
        found = solve(deal).objective_usd
    except Infeasible:
        return
    monkeypatch.setattr(routing, "nondominated_options", everything)
    assert solve(deal).objective_usd == pytest.approx(found, rel=1e-6, abs=0.02)


def with_quote(months, limits=(), **api):
    """Return 1,200 USD a year on the cheap model and twice as much on the dear one, which is as good, and a quote."""
    app = {"requests_per_month": 1e5, "input_tokens": 1e3, "output_tokens": 0, "models": ["cheap", "dear"]}
    band = {"commit_usd_per_year": api.pop("commit_usd_per_year"), "discount": 0.2}
    part = {"bands": [band], "payment": "arrears", "overage": "contracted", **api}
    deal = {"start": "2027-01", "horizon_months": months, "rates": RATES, "workloads": {"app": app}}
    return read({**deal, "offers": {"quote": {"terms": [months], "api": part}}, "limits": list(limits)})


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_usage_that_a_credit_pays_meets_the_commitment_so_that_a_dearer_model_may_cost_less(method):
    """C = 1,920, K = 1,000. 960 on the cheap model: all paid by the credit, 960 short. 1,000: 920 short."""
    deal = with_quote(12, commit_usd_per_year=1920, credit={"usd": 1000, "pays": "charges", "within_months": 12})
    assert solve(deal, method=method).objective_usd == pytest.approx(920)


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_usage_of_one_year_may_keep_a_limit_of_the_next(method):
    """C = 1,200 a year, 960 used on the cheap model. Year 2 costs 1,000 with 200 of year 1 beyond its commitment: 1,400
    used there, of the dear model too; in sum 2,400. At list year 2 costs 1,200, and without that excess as much.
    """
    limit = {"of": "contract year 2", "measure": "worst", "at_most": 1000}
    deal = with_quote(24, [limit], commit_usd_per_year=1200, excess="counts_next")
    assert solve(deal, method=method).objective_usd == pytest.approx(2400)
