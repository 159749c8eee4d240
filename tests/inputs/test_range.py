"""The range of amounts in which a deal is decided exactly; outside of it one sentence refuses (formulation §7)."""

from __future__ import annotations

import re

import pytest

from deal_solve import InputError, loads, solve

COVERED = """
start: 2027-07
cohorts:
  staff:
    headcount: 50
    tracks: [enterprise]
    use: {requests_per_user_month: 7.5e9, input_tokens: 1500, output_tokens: 100, models: [sonnet, haiku]}
offers:
  rival:
    api:
      bands:
      - {commit_usd_per_year: 0, discount: 0.9999}
      - {commit_usd_per_year: 590e9, discount: 0.3}
      - {commit_usd_per_year: 652e9, discount: 0.5}
      payment: prepaid_yearly
    seats: {enterprise: {usd_per_user_month: 12, minimum: 90, billing: monthly, covered_share: 1}}
    bundle:
    - {combined_usd_per_year: 648e9, seats: 0.05, api: 0.02}
"""


def test_thresholds_of_billions_beside_seats_that_cover_all_usage() -> None:
    """90 seats at 12 USD for 36 months, 38,880 USD; a band of 590 billion is in the same program and not taken."""
    solution = solve(loads(COVERED))
    assert (solution.status, solution.objective_usd) == ("optimal", pytest.approx(38_880.0))
    assert solution.bound_usd == pytest.approx(38_880.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("590e9", "0.004", "closer than a cent"),
        ("652e9", "590000000000.004", "closer than a cent"),
        ("output_tokens: 100", "output_tokens: 1e15", "1e+15 tokens are more than one request can have"),
        ("7.5e9", "{p50: 7.5e9, plus_minus: 1}, growth_per_year: 1e6", "1e+06 is a rise of"),
    ],
)
def test_amounts_outside_of_the_range_are_refused_with_a_sentence(old: str, new: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        loads(COVERED.replace(old, new))


@pytest.mark.parametrize("weight", ["1e-300", "1e-10"])
def test_a_future_less_likely_than_one_in_a_billion_is_refused(weight: str) -> None:
    futures = f"scenarios: {{often: {{weight: 1}}, never: {{weight: {weight}}}}}\n"
    with pytest.raises(InputError, match="less likely than one in a billion"):
        loads(COVERED + futures)


def test_a_program_beyond_the_range_is_refused_with_a_sentence() -> None:
    """A bundle threshold of 1e15 USD beside seats for 1,000 USD a month is 1e14 units of 10 USD."""
    with pytest.raises(InputError, match="too far apart"):
        solve(loads(COVERED.replace("652e9", "1e15").replace("648e9", "1e15")))
