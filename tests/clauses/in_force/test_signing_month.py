"""The month of signing in a plan: written wherever it is chosen, month 0 too, and read back as a pin."""

import json

import pytest

from deal_solve import from_json, scenarios_of, solve, to_json
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from tests.support.builders import NEXT, api_deal, held

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
