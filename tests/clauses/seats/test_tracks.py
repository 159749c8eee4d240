"""Tracks priced by hand: internal tools, and users without a seat."""

import pytest

from deal_solve.plan.plan import Route
from tests.support.builders import APP, api_plan, deal_of, lines, seat_deal, seat_plan, settled


def tool_deal(starts, horizon=24, **rest):
    use = {**{k: APP[k] for k in ("input_tokens", "output_tokens", "models")}, "requests_per_user_month": 3}
    cohorts = {
        name: {"headcount": 10, "starts": start, "tracks": ["bot", "seat", "none"], "use": use}
        | {"unserved_usd_per_user_month": 7}
        for name, start in starts.items()
    }
    offer = {
        "terms": [12],
        "seats": {"seat": {"covered_share": 1}},
        "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]},
    }
    tools = {"bot": {"build_usd": 1000, "run_usd_per_month": 50}}
    return deal_of(horizon, cohorts=cohorts, internal_tools=tools, offers={"quote": offer}, **rest)


def test_tool_is_built_once_and_run_while_in_use():
    """`a` from month 3 in year 0 only, `b` from month 14: build at 3, run months 3-11 and 14-23; 10 users · 3 requests
    at 1 USD each month, drawn down at 10 % off.
    """
    deal = tool_deal({"a": "2027-04", "b": "2028-03"}, cost_of_capital_per_year=0.1)
    plan = api_plan((1, (100,)), (1, (100,)), routing={}).model_copy(
        update={
            "tracks": {"a": ("bot", "none"), "b": ("none", "bot")},
            "use": {name: (Route(from_month=0, shares={"opus": 1}),) for name in "ab"},
        }
    )
    result = settled(deal, plan)
    in_use = [*range(3, 12), *range(14, 24)]
    assert result.by_line["build"][0] == pytest.approx(1000 * 1.1**-0.25)
    assert result.by_line["run"][0] == pytest.approx(sum(50 * 1.1 ** (-(t + 1) / 12) for t in in_use))
    assert [record.usage_usd[0] for record in result.drawdown] == pytest.approx([9 * 27, 10 * 27])
    assert result.by_line["unserved"][0] == pytest.approx(sum(70 * 1.1 ** (-(t + 1) / 12) for t in range(12, 24)))


def test_a_tool_on_the_invoice():
    """Built in April 2027, paid at its start; run in each month from there to December, paid at its end."""
    plan = api_plan((1, (100,)), routing={}).model_copy(
        update={"tracks": {"a": ("bot",)}, "use": {"a": (Route(from_month=0, shares={"opus": 1}),)}}
    )
    bill = settled(tool_deal({"a": "2027-04"}, 12), plan).invoice()
    bill = bill[bill["item"] == "bot"][["line", "period", "quantity", "rate_usd", "paid_month", "contract_year"]]
    assert [tuple(row) for row in bill.values.tolist()] == [
        ("build", "2027-04", 1, 1000, 3, 0),
        *(("run", f"2027-{month:02}", 1, 50, month, 0) for month in range(4, 13)),
    ]


def test_tool_nobody_uses_costs_nothing():
    result = settled(tool_deal({"a": "2027-01"}, 12), seat_plan((10,), tracks={"a": ("seat",)}))
    assert lines(result) == {"seats": 2400}


def test_track_none_costs_every_active_user_month():
    """120 users at 7 for 12 months."""
    result = settled(seat_deal(120), seat_plan((0,), tracks={"staff": ("none",)}))
    assert lines(result) == {"unserved": 120 * 7 * 12}
