"""The month of signing in a plan: written wherever it is chosen, month 0 too, and read back as a pin."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deal_solve import Infeasible, InputError, from_json, loads, scenarios_of, solve, sweep, to_json, why_not
from deal_solve.cli.main import run
from deal_solve.cli.support.extras import answers_text
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.signing import _best, months_solved
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.limit_checks import limit_checks
from tests.support.builders import NEXT, api_deal, bands, count, held, seat_deal
from tests.support.deals import LOW_OR_HIGH

EARLY = {"months": [0, 3, 6], "early": "forfeited"}


def from_file(plan):
    """Return a plan as a proposal that was written to a file and read back."""
    return Proposal.model_validate_json(json.dumps(plan.model_dump(mode="json")))


def test_a_plan_signed_in_month_0_of_several_stays_there_where_it_is_fixed():
    """All is drawn, so that each month in force is overage at list: signing at once is best, and the plan says month 0.

    With nothing drawn three months are covered: the best month is the end, but the plan fixed to month 0 stays in it.
    """
    first = solve(held(in_force={"drawn_usd": 1_200}, signing=EARLY))
    assert first.plan.signing_month == 0
    assert from_file(first.plan).signing_month == 0
    assert from_json(to_json(first)).plan.model_dump()["signing_month"] == 0
    other = held(in_force={"drawn_usd": 0}, signing=EARLY)
    assert solve(other).plan.signing_month == 6
    again = solve(other, fix=from_file(first.plan))
    assert again.plan.signing_month == 0
    assert [month.month for month in again.months] == [0]
    assert again.objective_usd == pytest.approx(24 * 80)


@pytest.mark.parametrize("month", [0, 3, 6])
def test_a_completed_proposal_writes_its_month(month):
    deal = held(signing=EARLY)
    plan, _ = complete(deal, Proposal(signing_month=month), scenarios_of(deal))
    assert plan.model_dump()["signing_month"] == month
    assert from_file(plan).signing_month == month


def test_a_deal_that_is_signed_at_its_start_writes_no_month():
    deal = api_deal(100, horizon=24, offers={"next": NEXT})
    assert "signing_month" not in solve(deal).plan.model_dump()


# --- months that cost the same ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [[2, 4, 6], [6, 4, 2]])
def test_of_months_that_cost_the_same_the_earliest_is_signed(months):
    """List and the offer both cost 100 a month: in whichever order the months are written, it is month 2."""
    offer = {"terms": [12], "api": bands((0, 0))}
    solution = solve(api_deal(100, horizon=24, offers={"same": offer}, signing={"months": months}))
    assert solution.plan.signing_month == 2


@pytest.mark.parametrize(("usd", "month"), [(0, 2), (0.004, 2), (0.02, 4)])
def test_months_that_differ_by_half_a_cent_cost_the_same(usd, month):
    """Two months that cost the same, the first of them raised by so much."""
    deal = api_deal(100, horizon=24, offers={"same": {"terms": [12], "api": bands((0, 0))}}, signing={"months": [2, 4]})
    best, found = months_solved(deal, None, SolveOptions(), prunes=False)
    assert best.plan.signing_month == 2
    moved = {2: replace(found[2], objective_usd=found[4].objective_usd + usd), 4: found[4]}
    assert _best(moved, list(best.months), []).plan.signing_month == month


# --- limits of one contract year --------------------------------------------------------------------------------------


def limited(at_most, year=1, horizon=24, months=(6,), measure="worst"):
    """Return the deal of `held`, 20 % off from the month of signing on, with a limit on one contract year."""
    limit = {"measure": measure, "of": f"contract year {year}", "at_most": at_most}
    return held(horizon=horizon, limits=[limit], signing={"months": list(months)})


METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


@METHODS
@pytest.mark.parametrize("at_most", [960, 961])
def test_a_limit_on_a_contract_year_counts_from_the_month_of_signing(method, at_most):
    """12 months at 80 from month 6 on; the 266.67 of overage before it are in no contract year."""
    solution = solve(limited(at_most), method=method)
    assert solution.settlement.by_year[0] == pytest.approx([960])
    assert solution.settlement.before == pytest.approx([266.67], abs=0.01)


@METHODS
def test_below_what_the_contract_year_costs_there_is_no_plan(method):
    with pytest.raises(Infeasible):
        solve(limited(959), method=method)


@METHODS
def test_a_limit_may_rule_a_month_out(method):
    """Year 2 of month 6 has 6 months, 480; of month 13 the horizon leaves 11 months, and no second year to pay for."""
    solution = solve(limited(479, year=2, months=(6, 13)), method=method)
    assert solution.plan.signing_month == 13
    assert [month.outcome for month in solution.months] == ["infeasible", "solved"]
    assert [check.is_kept for check in limit_checks(solution.settlement.deal, solution.settlement)] == [True]
    assert solve(limited(480, year=2, months=(6, 13)), method=method).plan.signing_month == 6


@METHODS
def test_what_seats_in_force_cost_after_signing_is_in_no_contract_year(method):
    """Signed in month 3: 5,400 of monthly fees of the old seats fall into the first twelve months, 9·16·100 count."""
    current = {
        "on_the_table": False,
        "terms": [12],
        "seats": {"seat": {"usd_per_user_month": 18, "billing": "monthly"}},
    }
    deal = seat_deal(
        count(horizon=24),
        horizon=24,
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}},
        offers={"current": current, "next": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 16}}}},
        in_force={"offer": "current", "ends": "2027-07", "seats": {"seat": {"contracted": 100}}},
        signing={"months": [3], "early": "forfeited"},
        limits=[{"measure": "worst", "of": "contract year 1", "at_most": 14_400}],
    )
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(10_800 + 28_800)


# --- what is asked beside the plan ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "says"), [([3, 6], True), ([6], False)])
def test_answers_beside_the_plan_of_several_months_say_which_they_are_about(months, says):
    deal = held(in_force={"drawn_usd": 0}, signing={"months": months, "early": "forfeited"})
    solution = solve(deal)
    text = answers_text(deal.signed_in(6), solution, {"why_not": [why_not(solution, "offer=list")]})
    sentence = "What follows is about plans of 2027-07; deal-solve when compares the months."
    assert solution.plan.signing_month == 6
    assert (sentence in text) == says
    assert "Why not offer=list?" in text


def test_a_sweep_over_the_month_of_signing_signs_in_each():
    """42,000 of the balance are undrawn in month 0 and forfeited; in month 6 they have been used."""
    deal = held(signing={"months": [0], "early": "forfeited"})
    rows = sweep(deal.signed_in(0), {"signing.months": [[0], [6]]}).rows
    assert [row.objective_usd for row in rows] == [
        pytest.approx(solve(held(signing={"months": [month], "early": "forfeited"})).objective_usd) for month in (0, 6)
    ]
    assert rows[0].objective_usd != pytest.approx(rows[1].objective_usd)


@pytest.mark.parametrize(
    "asked",
    [
        ("settle", "--plan"),
        ("settle", "--routing", "best", "--plan"),
        ("simulate", "--plan"),
        ("review", "--plan"),
        ("solve", "--fix"),
        ("curve", "--plan"),
        ("report", "--out", "x.html", "--plan"),
    ],
)
def test_a_month_in_a_plan_of_a_deal_signed_at_its_start_is_refused_by_every_command(
    asked, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    Path("deal.yaml").write_text(LOW_OR_HIGH)
    Path("plan.yaml").write_text("api: {offer: quote}\nsigning_month: 5\n")
    command, *options = asked
    assert run([command, "deal.yaml", *options, "plan.yaml"]) == 2
    out, err = capsys.readouterr()
    words = "plan.yaml:2: signing_month: is 5 (2027-06), but the deal is signed at its start, in 2027-01; leave it out"
    assert out == "" and err.startswith(words)
    Path("plan.yaml").write_text("api: {offer: quote}\nsigning_month: 0\n")
    assert run([command, "deal.yaml", *options, "plan.yaml"]) == 0


def test_a_month_that_a_signed_deal_does_not_have_cannot_be_fixed_or_completed():
    text = f"{LOW_OR_HIGH}signing: {{months: [0, 3]}}\n"
    for deal, words in (
        (loads(LOW_OR_HIGH), r"is 5 \(2027-06\), but the deal is signed at its start, in 2027-01"),
        (loads(text).signed_in(3), r"is 5 \(2027-06\), but this question is about the deal signed in 3 \(2027-04\)"),
    ):
        other, own = Proposal(signing_month=5), Proposal(signing_month=deal.signing_month)
        with pytest.raises(InputError, match=words):
            complete(deal, other, scenarios_of(deal))
        with pytest.raises(InputError, match=words):
            solve(deal, fix=other)
        assert complete(deal, own, scenarios_of(deal))[0].signing_month == deal.signing_month
