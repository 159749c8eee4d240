"""Whatever runs, a cancel from Python ends it within a second."""

import threading

import pytest

from deal_solve import (
    Cancelled,
    Proposal,
    breakeven,
    cancellable,
    clauses,
    complete,
    criteria,
    curve,
    frontier,
    load,
    sample,
    sensitivity,
    settle,
    simulate,
    solve,
    sweep,
)
from tests.support.interrupts import Stopwatch
from tests.support.paths import ROOT

DEAL = load(ROOT / "tests/benchmarks/full.yaml")
MANY = sample(DEAL, 512)


def stopped(work, seconds=0.3):
    """Return how long a cancel after so many seconds took."""
    stop = threading.Event()
    moment = []

    def cancel():
        moment.append(Stopwatch())
        stop.set()

    timer = threading.Timer(seconds, cancel)
    timer.start()
    with pytest.raises(Cancelled, match="cancelled"), cancellable(stop.is_set):
        work()
    took = moment[0].seconds
    timer.join()
    return took


@pytest.fixture(scope="module")
def plan():
    return complete(DEAL, Proposal(), MANY.in_memory())[0]


LONG = {
    "solve": lambda plan: solve(DEAL, MANY),
    "extensive": lambda plan: solve(DEAL, sample(DEAL, 2000), method="extensive"),
    "settle": lambda plan: settle(DEAL, plan, sample(DEAL, 1 << 21)),
    "simulate": lambda plan: simulate(DEAL, plan, sample(DEAL, 1 << 22)),
}


@pytest.mark.parametrize("name", LONG)
def test_a_cancel_is_answered_within_a_second(plan, name):
    assert stopped(lambda: LONG[name](plan)) < 1


DISCOUNTING = "cost_of_capital_per_year"


def sampled(deal):
    return sample(deal, 512)


ANALYSES = {
    "breakeven": lambda: breakeven(DEAL, DISCOUNTING, 0.0, 0.5, scenarios_from=sampled),
    "clauses": lambda: clauses(DEAL, MANY),
    "criteria": lambda: criteria(DEAL, MANY, ["neutral", "balanced", "cautious"]),
    "curve": lambda: curve(DEAL, MANY),
    "frontier": lambda: frontier(DEAL, MANY),
    "sensitivity": lambda: sensitivity(DEAL, MANY),
    "sweep": lambda: sweep(DEAL, {DISCOUNTING: "0:0.5:50"}, sampled),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ANALYSES)
@pytest.mark.parametrize("seconds", [1.0, 5.0, 13.0])
def test_every_analysis_is_cancelled_within_a_second(name, seconds):
    MANY.in_memory()  # what draws it is loaded by then: an import is not cut short
    assert stopped(ANALYSES[name], seconds) < 1
