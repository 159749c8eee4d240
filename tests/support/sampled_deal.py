"""A deal in which everything that can be drawn is uncertain, and when two sets of scenarios are the same."""

import numpy as np

from deal_solve.uncertainty.scenario_set import PATHS
from tests.support.builders import APP, deal_of

BASE = {"p10": 100, "p50": 200, "p90": 400}
GROWTH = {"p10": "10%", "p50": "40%", "p90": "90%"}
HIT = {"p10": 0.5, "p50": 0.7, "p90": 0.8}
RATES_OF_PRICE = {"p10": "-45%", "p50": "-20%", "p90": "3%"}
WORK = {**APP, "requests_per_month": BASE, "growth_per_year": GROWTH, "cache": {"share": 0.5, "hit_rate": HIT}}
USE = {"requests_per_user_month": BASE, "growth_per_year": GROWTH, "input_tokens": 1, "output_tokens": 0}
PEOPLE = {
    "headcount": 50,
    "headcount_growth_per_year": "10%",
    "active_share": {"p10": 0.4, "p50": 0.6, "p90": 0.7},
    "ramp": {"from_share": "20%", "months": 6},
    "tracks": ["seat"],
    "use": {**USE, "models": ["opus"]},
}
SEASON = [1.3, 1, 0.9, 0.9, 1, 1.2, 1.5, 1.4, 0.9, 0.7, 0.6, 0.6]
EVENTS = {
    "slips": {"probability": 0.25, "workloads": ["b"], "delay_months": 5},
    "leaves": {"probability": 0.1, "workloads": ["a", "b"], "factor": 0.5, "from_month": "2028-01"},
}


def deal_with(**changes):
    sections = {
        "workloads": {"a": {**WORK, "season_by_calendar_month": SEASON}, "b": {**WORK, "starts": "2027-04"}},
        "cohorts": {"staff": PEOPLE},
        "uncertainty": {
            "correlation": {"usage": 0.6, "growth": 0.5},
            "list_price_change_per_year": {"models": RATES_OF_PRICE, "seats": "3%"},
            "events": EVENTS,
        },
    }
    return deal_of(24, **{**sections, **changes})


DEAL = deal_with()


def same(one, other):
    """Whether two sets hold the same bits."""
    return np.array_equal(one.weights, other.weights) and all(
        np.array_equal(array, getattr(other, name)[key]) for name in PATHS for key, array in getattr(one, name).items()
    )
