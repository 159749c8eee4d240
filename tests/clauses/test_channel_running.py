"""A year of a cloud commitment that runs already when the horizon begins, by hand (model §6)."""

import pytest

from deal_solve import scenarios_of, solve
from deal_solve.analysis.solve.page.cost import cost_block
from deal_solve.analysis.solve.text import subject_of
from deal_solve.errors import InputError
from deal_solve.facts.calendar import calendar
from deal_solve.facts.cloud import cloud_years
from tests.support.builders import api_deal, api_plan, lines, seat_deal, settled

FREE = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}
COMMITS = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]}
METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def clouds(cap=0.5, retired=10, years=2, **other):
    """Return 100 a year, 20 of it spent otherwise, in a year that began two months before the horizon."""
    return {
        "cloud_commitments": {
            "aws": {
                "usd_per_year": [100] * years,
                "other_spend_usd_per_year": 20,
                "cap_share": cap,
                "year_started": "2026-11",
                "retired_usd": retired,
                **other,
            }
        }
    }


THROUGH = {"channel": {"through": "aws"}}


def test_the_year_that_runs_ends_inside_the_horizon_and_the_next_one_is_cut():
    """10 a month. Months 0 to 9: 100 - 20 - min(10 + 100, 50) = 30; the two months after, a sixth of the year:
    16.67 - 3.33 - min(20, 8.33) = 5.
    """
    found = settled(api_deal(10, FREE, offer=THROUGH, **clouds()), api_plan((0, (0,))))
    assert lines(found)["cloud_shortfall"] == pytest.approx(30 + 5)
    paid = {event.day.isoformat(): event.what for event in calendar(found) if event.kind == "cloud"}
    assert paid == {
        "2027-10-31": "what year 1 lacks of the commitment to aws is paid",
        "2027-12-31": "what year 2 lacks of the commitment to aws is paid",
    }


def test_what_was_retired_counts_whatever_is_signed():
    """Bought directly: 100 - 20 - 10 in the year that runs, 16.67 - 3.33 after it."""
    found = settled(api_deal(10, FREE, **clouds()), api_plan((0, (0,))))
    assert lines(found)["cloud_shortfall"] == pytest.approx(70 + 80 / 6, abs=0.01)
    assert [row.committed_usd for row in cloud_years(found)] == pytest.approx([100, 100 / 6])
    assert [row.retired_usd for row in cloud_years(found)] == pytest.approx([10, 0])


def test_the_page_has_no_contract_years_of_a_cloud_whose_years_are_others():
    """Two years of the commitment lie in the one contract year: what counted towards it stands in no column."""
    deal = api_deal(10, FREE, offer={"channel": {"through": "aws", "fee": 0.4}}, **clouds())
    solution = solve(deal)
    assert solution.plan.api.offer == "quote"
    assert "counted towards" not in "".join(cost_block(subject_of(solution), 99))


@METHODS
def test_the_optimiser_counts_the_same_years(method):
    """The channel saves 40 + 8.33 of shortfall; a fee of 40 % of 120 costs 48, one of 41 % 49.2."""
    offers = {fee: {"channel": {"through": "aws", "fee": fee}} for fee in (0.4, 0.41)}
    found = {
        fee: solve(api_deal(10, FREE, offer=offer, **clouds()), method=method).objective_usd
        for fee, offer in offers.items()
    }
    assert found[0.4] == pytest.approx(120 + 48 + 35)
    assert found[0.41] == pytest.approx(120 + 70 + 80 / 6)


def test_a_commitment_retires_in_the_year_in_which_it_is_paid():
    """All usage is committed, and paid at the start of the contract year: nothing retires what the next year lacks."""
    found = settled(api_deal(10, COMMITS, offer=THROUGH, **clouds(cap=1)), api_plan((1, (108,))))
    assert lines(found) == {"commitment": 108, "cloud_shortfall": 13.33}


@METHODS
def test_less_is_committed_where_overage_retires_the_next_year(method):
    """12 less committed, of the last month and a third: 13.33 of overage at list retires the 13.33 that are lacking."""
    solution = solve(api_deal(10, COMMITS, offer=THROUGH, **clouds(cap=1)), method=method)
    assert solution.plan.api.terms[0].commitment_usd == pytest.approx((96,))
    assert lines(solution.settlement) == {"commitment": 96, "overage": 13.33}


def test_a_deal_signed_where_a_year_begins_may_have_seats():
    """In month 10, where the second year begins; in month 0, inside of the first, it may not."""
    deal = {"channel": {"through": "aws"}}
    seats = {"horizon": 24, "offer": deal, **clouds(years=3)}
    assert seat_deal(10, signing={"months": [10]}, **seats).offers["quote"].channel is not None
    with pytest.raises(InputError, match=r"channel and a seats part cannot stand .* begins no year of the cloud"):
        seat_deal(10, **seats)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"year_started": "2025-12"}, "does not run at the start; expected one of 2026-02 to 2027-01"),
        ({"year_started": "2027-02"}, "does not run at the start"),
        ({"year_started": "2027-01"}, "no year runs already; state year_started, or leave it out"),
        ({"years": 1}, "has 1 amount; expected 2, one per year"),
    ],
)
def test_a_year_that_cannot_run_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        api_deal(10, FREE, offer=THROUGH, **clouds(**change))


def test_commitments_of_different_years_are_refused():
    more = clouds()["cloud_commitments"]
    more["gcp"] = {"usd_per_year": [5, 5], "other_spend_usd_per_year": 1, "year_started": "2026-10"}
    with pytest.raises(InputError, match="cloud commitments of different years cannot stand together"):
        api_deal(10, FREE, cloud_commitments=more)


def test_a_scenario_states_other_spend_of_every_year():
    scenario = {"s": {"weight": 1, "other_spend_usd_per_year": {"aws": [20, 32]}}}
    deal = api_deal(10, FREE, **clouds(), scenarios=scenario)
    assert scenarios_of(deal).in_memory().other_spend["aws"][:, 0].tolist() == [20, 32]
