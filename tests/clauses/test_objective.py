"""What a solve minimises, from settled costs, and when two amounts are the same: by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from deal_solve import InputError
from deal_solve.settlement.objective import constant_of, fit_risk, is_below, is_same, objective_of
from deal_solve.uncertainty.measures import Against
from tests.support.builders import api_deal

COST = np.array([10.0, 20.0, 60.0, 110.0])
EQUAL = np.full(4, 0.25)


def objective(risk, **against):
    deal = api_deal(100, risk=risk)
    return objective_of(deal, COST, EQUAL, Against(**against)), constant_of(deal, EQUAL, Against(**against))


def test_expected_cost_tail_and_worst_case():
    """Mean 50; the worst half 85; 0.4 of them 0.6 · 50 + 0.4 · 85 = 64; the worst 110."""
    assert objective("neutral") == (50, 0)
    assert objective({"weight": 0.4, "on": "cost", "confidence": 0.5}) == (pytest.approx(64), 0)
    assert objective({"criterion": "worst"}) == (110, 0)


def test_regret_is_the_largest_excess_over_the_best():
    """Over 5, 20, 20 and 100: 5, 0, 40 and 10."""
    assert objective({"criterion": "regret"}, best=np.array([5.0, 20.0, 20.0, 100.0])) == (40, 0)


def test_loss_against_a_baseline_adds_its_mean_back():
    """Baseline 30, 30, 30, 50, mean 35: losses -20, -10, 30, 60, worst half 45. 0.6 · 50 + 0.4 · (35 + 45) = 62."""
    found = objective({"weight": 0.4, "confidence": 0.5}, baseline=np.array([30.0, 30.0, 30.0, 50.0]))
    assert found == (pytest.approx(62), pytest.approx(0.4 * 35))


@pytest.mark.parametrize(
    "risk", ["neutral", {"criterion": "worst"}, {"weight": 0.4, "on": "cost", "confidence": 0.5}, {"weight": 0}]
)
def test_a_baseline_adds_nothing_but_to_loss(risk):
    """As without one; and loss adds nothing as long as no baseline is known."""
    assert objective(risk, baseline=np.full(4, 30.0)) == objective(risk)
    loss = api_deal(100, risk={"weight": 0.4, "on": "loss"})
    assert constant_of(loss, EQUAL, Against()) == 0


@dataclass(frozen=True)
class Few:
    """As much of a set of scenarios as the confidence depends on."""

    is_coarse: bool = True
    kind: str = "discrete"
    size: int = 9


def fitted(scenarios, **risk):
    return fit_risk(api_deal(100, risk=risk), scenarios)


def test_a_tail_that_few_scenarios_do_not_have_is_fitted_or_refused():
    """Above 0.9 only, where the scenarios are few and the tail counts: a default is lowered, what is stated refused."""
    deal, (note,) = fitted(Few(), weight=0.5)
    assert deal.risk.confidence == 0.9
    assert note.startswith("CVaR is taken at confidence 0.9: the discrete expansion has 9 scenarios")
    with pytest.raises(InputError, match=r"0.95 is asked for, but the sampled set has 9 scenarios"):
        fitted(Few(kind="sampled"), weight=0.5, confidence=0.95)
    for kept, confidence in (
        (fitted(Few(), weight=0.5, confidence=0.9), 0.9),
        (fitted(Few(is_coarse=False), weight=0.5, confidence=0.95), 0.95),
        (fitted(Few(), weight=0, confidence=0.95), 0.95),
    ):
        assert (kept[0].risk.confidence, kept[1]) == (confidence, ())


@pytest.mark.parametrize(
    ("one", "other", "gap", "same", "below"),
    [
        (100.0, 100.009, 0, True, False),
        (100.0, 100.011, 0, False, True),
        (100.011, 100.0, 0, False, False),
        (1e6, 1e6 + 1.9, 0, True, False),
        (1e6, 1e6 + 2.1, 0, False, True),
        (1e6, 1e6 + 150, 1e-4, True, True),
        (1e6, 1e6 + 250, 1e-4, False, True),
        (1e6 + 250, 1e6, 1e-4, False, False),
    ],
)
def test_amounts_within_a_cent_or_two_millionths_are_the_same(one, other, gap, same, below):
    """Within two gaps too, where the objectives are of solves to a gap."""
    assert is_same(one, other, gap) == same
    assert is_below(one, other) == below


def test_without_a_gap_amounts_are_of_exact_solves():
    assert not is_same(100.0, 101.0)
