"""Engineering projects priced by hand."""

import pytest

from deal_solve.errors import InputError
from tests.support.builders import APP, api_deal, api_plan, routes, settled


def test_projects_are_paid_at_time_0():
    """500 at the start, in full whatever the cost of capital; other usage 100 a month at half price in batch."""
    work = {**APP, "batchable": 1, "projects": {"batch": {"usd": 500, "ready_month": 6}}}
    deal = api_deal(100, workloads={"app": work}, cost_of_capital_per_year=0.5)
    routing = routes({"opus": 1}, {"opus+batch": 1}, starts=(0, 6))
    result = settled(deal, api_plan((0, (0,)), offer="list", routing=routing, projects={"app": ("batch",)}))
    assert result.by_line["projects"][0] == 500
    assert result.undiscounted[0] == pytest.approx(500 + 600 + 300)
    frame = result.invoice()
    project = frame[frame["line"] == "projects"].iloc[0]
    assert (project["paid_month"], project["contract_year"], project["period"]) == (0, 0, "2027-01")
    assert (project["item"], project["quantity"]) == ("app batch", 1)


def test_a_project_that_no_workload_offers_is_refused():
    with pytest.raises(InputError, match=r"projects\.bot has 'batch', which the deal does not offer there"):
        settled(api_deal(100), api_plan((0, (0,)), offer="list", projects={"bot": ("batch",)}))
