"""Adoption that is measured today and grows to a band (model §1), by hand."""

import pytest

from deal_solve.deal.load import loads
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.sampling import sample

STAFF = """
start: 2027-01
horizon_months: 12
cohorts:
  staff:
    headcount: 200
    active_now: 30%
    active_share: {p10: 40%, p50: 60%, p90: 90%}
    ramp: {months: 6}
    tracks: [none]
    unserved_usd_per_user_month: 5
"""


def users(text: str, month: int) -> list[float]:
    """Return the active users in a month, lowest scenario first."""
    return sorted(scenarios_of(loads(text)).users["staff"][month])


def test_every_scenario_starts_from_what_is_known_and_reaches_its_own_share() -> None:
    """60 of 200 at the start; halfway 60 + (80 - 60)/2 = 70, 90 and 120; from month 6 on 80, 120 and 180."""
    assert users(STAFF, 0) == pytest.approx([60, 60, 60])
    assert users(STAFF, 3) == pytest.approx([70, 90, 120])
    assert users(STAFF, 6) == users(STAFF, 11) == pytest.approx([80, 120, 180])


def test_a_share_that_is_known_may_be_above_what_it_grows_to() -> None:
    """From 160 of 200 users down to 80, 120 and 180: halfway 120, 140 and 170."""
    assert users(STAFF.replace("30%", "80%"), 3) == pytest.approx([120, 140, 170])


def test_the_line_starts_with_the_cohort_and_headcount_grows_with_it() -> None:
    """Starts in month 2 and doubles in a year: after 3 of the 6 months 90 · 2^(3/12)."""
    text = STAFF.replace("headcount: 200", "headcount: 200\n    starts: 2027-03\n    headcount_growth_per_year: 100%")
    assert users(text, 1) == [0, 0, 0]
    assert users(text, 5)[1] == pytest.approx(90 * 2**0.25)


def test_a_cohort_that_began_before_the_deal_has_gone_on_since() -> None:
    """Began in 2026-11, so halfway in 2027-02: as month 3 above, grown by 3 months of doubling."""
    text = STAFF.replace("headcount: 200", "headcount: 200\n    starts: 2026-11\n    headcount_growth_per_year: 100%")
    assert users(text, 1) == pytest.approx([value * 2**0.25 for value in (70, 90, 120)])


def test_samples_start_from_it_too() -> None:
    found = sample(loads(STAFF), 64, 7).in_memory().users["staff"]
    assert found[0] == pytest.approx(60)
    assert found[11].min() < 80 and found[11].max() > 180


def test_a_ramp_without_it_starts_from_a_share_of_each_active_share() -> None:
    """Half of 80, 120 and 180."""
    text = STAFF.replace("    active_now: 30%\n", "").replace("{months: 6}", "{from_share: 50%, months: 6}")
    assert users(text, 0) == pytest.approx([40, 60, 90])
