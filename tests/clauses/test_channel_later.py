"""Offers bought through a marketplace that are signed later, or in force: by hand (model §6)."""

import pytest

from deal_solve import solve
from deal_solve.errors import InputError
from deal_solve.facts.allocation import allocate
from tests.support.builders import APP, api_deal, deal_of

FREE = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}
COMMITS = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]}
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def clouds(other=70, cap=0.25, years=1):
    """Return 100 committed in every contract year."""
    return {
        "cloud_commitments": {
            "aws": {"usd_per_year": [100] * years, "other_spend_usd_per_year": other, "cap_share": cap}
        }
    }


def channel(fee=0):
    return {"channel": {"through": "aws", "fee": fee}}


def test_what_is_short_in_a_year_before_signing_is_the_clouds_in_the_totals_alone():
    """Signed in month 12 of 24: year 1 lacks 100 - 70 = 30, year 2 nothing, for 25 of the 120 paid are retired: 5."""
    deal = api_deal(10, FREE, horizon=24, offer=channel(), **clouds(years=2), signing={"months": [12]})
    settlement = solve(deal).settlement
    found = allocate(settlement)
    assert {row.name: row.expected_usd for row in found.totals} == pytest.approx(
        {"app": 120, "aws": 35, "before signing": 120}
    )
    assert sum(row.expected_usd for row in found.totals) == pytest.approx(settlement.cost[0])


@METHODS
def test_a_payment_after_a_later_signing_retires_the_year_of_the_horizon_that_it_is_for(method):
    """Usage is 10 a month for two years; the quote is signed in month 6, through the channel, at list prices. Of 200
    and 100 committed, other spend is 100 and 0. Year 1: 60 at list count nothing, 60 count, 40 are short. Year 2: 120
    count.
    """
    cloud = {"usd_per_year": [200, 100], "other_spend_usd_per_year": [100, 0]}
    deal = api_deal(10, FREE, horizon=24, offer=channel(), cloud_commitments={"aws": cloud}, signing={"months": [6]})
    solution = solve(deal, method=method)
    assert (solution.plan.api.offer, solution.plan.signing_month) == ("quote", 6)
    assert solution.settlement.clouds["aws"].short[:, 0] == pytest.approx([40, 0])
    assert solution.objective_usd == pytest.approx(240 + 40)


@METHODS
def test_an_agreement_in_force_retires_what_it_is_paid_for(method):
    """Usage 10 a month; an agreement in force bills the first 6 months through the channel, at a fee of 10 %: 66. What
    is signed after it is list. Of 100 committed, 20 are spent otherwise: 80 - 60 are short.
    """
    held = {"on_the_table": False, "terms": [12], "api": FREE, **channel(fee=0.1)}
    deal = api_deal(
        10,
        FREE,
        offers={"held": held},
        in_force={"offer": "held", "ends": "2027-07", "api": {}},
        **clouds(other=20, cap=1),
    )
    solution = solve(deal, method=method)
    assert solution.settlement.clouds["aws"].short[:, 0] == pytest.approx([20])
    assert solution.objective_usd == pytest.approx(66 + 60 + 20)


@pytest.mark.parametrize(
    ("clause", "part"),
    [
        ("a seats part", {"seats": {"seat": {}}}),
        ("a rollover", {"api": {**FREE, "unused": {"rollover": 1}, "period": "quarter"}}),
        ("a credit", {"api": {**COMMITS, "credit": {"usd": 10, "pays": "balance"}}}),
    ],
)
def test_what_runs_by_contract_years_is_bought_through_a_channel_from_a_year_on(clause, part):
    """In month 12 it may be signed, in month 6 the sentence names both clauses."""
    offers = {"quote": {"terms": [12], "api": FREE, **channel(), **part}}
    rest = {"workloads": {"app": APP}, "offers": offers, **clouds(years=2)}
    assert deal_of(24, **rest, signing={"months": [12]})
    with pytest.raises(InputError, match=f"channel and {clause} cannot stand together where signed in month 6"):
        deal_of(24, **rest, signing={"months": [6]})


def test_a_limit_on_one_contract_year_is_not_held_beside_a_channel_that_begins_inside_of_a_year():
    """A year of the cloud commitment would lie in two contract years."""
    rest = {
        "workloads": {"app": APP},
        "offers": {"quote": {"terms": [12], "api": FREE, **channel()}},
        **clouds(years=2),
    }
    limits = [{"measure": "expected", "of": "contract year 2", "at_most": 1000}]
    assert deal_of(24, **rest, limits=limits, signing={"months": [12]})
    with pytest.raises(InputError, match="a limit on one contract year cannot stand together where signed in month 6"):
        deal_of(24, **rest, limits=limits, signing={"months": [6]})
