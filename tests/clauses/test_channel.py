"""Cloud commitments and offers bought through a marketplace: priced and optimised by hand (model §6)."""

import re

import numpy as np
import pytest

from deal_solve import sample, scenarios_of, settle, solve
from deal_solve.analysis.check.findings import findings
from deal_solve.analysis.clauses.steps import clause_steps
from deal_solve.analysis.solve.page.risks import risk_rows
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.errors import InputError
from deal_solve.facts.allocation import allocate
from deal_solve.facts.calendar import calendar
from deal_solve.facts.cloud import cloud_years
from deal_solve.plan.plan import Plan
from deal_solve.report.cloud import cloud_table
from tests.support.builders import APP, api_deal, api_plan, deal_of, lines, list_api, only, routes, seat_plan, settled

FREE = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}
FREE_PLAN = (0, (0,))


def clouds(committed=100, other=70, cap=0.25, years=1):
    """Return one commitment of the same amount in every contract year."""
    spend = {"usd_per_year": [committed] * years, "other_spend_usd_per_year": other, "cap_share": cap}
    return {"cloud_commitments": {"aws": spend}}


def channel(counts=1, fee=0):
    return {"channel": {"through": "aws", "counts": counts, "fee": fee}}


def bill(pay, counts=1, fee=0, through=True, **cloud):
    """Return the lines of a year of usage that is billed monthly, `pay` in all."""
    offer = channel(counts, fee) if through else {}
    return lines(settled(api_deal(pay / 12, FREE, offer=offer, **clouds(**cloud)), api_plan(FREE_PLAN)))


def test_i6_what_is_paid_through_the_channel_retires_up_to_the_cap():
    """CC = 100, O = 70, cap 25 %, pay = 40: 25 are retired, 5 are short: 45 in all."""
    assert bill(40) == {"usage": 40, "cloud_shortfall": 5}


def test_the_row_of_a_fee_says_what_it_is_charged_on():
    frame = settled(api_deal(40 / 12, FREE, offer=channel(fee=0.03), **clouds()), api_plan(FREE_PLAN)).invoice()
    fees = frame[frame["line"] == "fee"]
    assert fees["quantity"].sum() == pytest.approx(40)
    assert fees["amount_usd"].sum() == pytest.approx(1.2)


def test_i6_what_is_paid_directly_retires_nothing():
    """The same 40 directly: 30 are short, 70 in all."""
    assert bill(40, through=False) == {"usage": 40, "cloud_shortfall": 30}


def test_i6_less_than_the_cap_retires_all_of_it():
    """pay = 10: 10 are retired, 20 are short."""
    assert bill(10) == {"usage": 10, "cloud_shortfall": 20}


def test_i6_two_offers_through_one_channel_share_its_cap():
    """CC = 100, O = 40, 25 paid for the API and 25 for seats: the cap of 25 counts once: 35 short, 85 in all."""
    offers = {
        "quote": {"terms": [12], "api": FREE, **channel()},
        "people": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 25 / 12}}, **channel()},
    }
    deal = deal_of(
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}},
        offers=offers,
        scenarios=only(requests_per_month={"app": 25 / 12}, active_users={"staff": 1}),
        **clouds(other=40),
    )
    plan = seat_plan((1,), offer="people", api=api_plan(FREE_PLAN).api, routing=routes({"opus": 1}))
    assert lines(settled(deal, plan)) == {"usage": 25, "seats": 25, "cloud_shortfall": 35}


@pytest.mark.parametrize(("pay", "short"), [(24, 6), (25, 5), (26, 5)])
def test_below_at_and_above_the_cap(pay, short):
    """CC - O = 30 and the cap is 25: from 25 on no more is retired."""
    assert bill(pay)["cloud_shortfall"] == short


@pytest.mark.parametrize(("other", "short"), [(89, 1), (90, 0), (91, 0), (120, 0)])
def test_below_at_and_above_the_commitment(other, short):
    """10 are paid through the channel: with 90 of other spend the commitment of 100 is met; nothing is paid back."""
    assert bill(10, other=other).get("cloud_shortfall", 0) == short


@pytest.mark.parametrize(("counts", "short"), [(0, 30), (0.5, 10), (0.625, 5), (1, 5)])
def test_the_share_that_counts(counts, short):
    """Of 40, 0, 20, 25 and 40 count; 25 is the cap."""
    assert bill(40, counts=counts)["cloud_shortfall"] == short


@pytest.mark.parametrize(("fee", "usd"), [(0, None), (0.05, 2)])
def test_the_fee_is_on_top_and_does_not_count(fee, usd):
    """5 % of 40 are 2; with a cap of 100 % what is short stays 100 - 50 - 40 = 10."""
    found = bill(40, fee=fee, other=50, cap=1)
    assert found.get("fee") == usd
    assert found["cloud_shortfall"] == 10


def test_other_spend_and_commitment_of_each_contract_year():
    """Two years, 20 a year through the channel: CC = 100 and 200, O = 70 and 150: 10 and 30 are short."""
    cloud = {"usd_per_year": [100, 200], "other_spend_usd_per_year": [70, 150]}
    offer = channel()
    deal = api_deal(20 / 12, FREE, horizon=24, offer=offer, cloud_commitments={"aws": cloud})
    result = settled(deal, api_plan(FREE_PLAN, FREE_PLAN))
    assert result.by_year[:, 0] == pytest.approx([30, 50])


def test_a_shortfall_is_paid_at_the_end_of_its_year():
    """30 short at 10 % a year count 30 / 1.1."""
    deal = api_deal(0, FREE, cost_of_capital_per_year=0.1, **clouds())
    assert lines(settled(deal, api_plan(FREE_PLAN))) == {"cloud_shortfall": round(30 / 1.1, 2)}


def test_a_commitment_paid_a_year_in_advance_belongs_to_its_year():
    """C = 60 a year at contracted rates for two years, prepaid; usage 40 and 80 at list and no discount: year 2 pays
    60 and 20 of overage. CC = 100 and O = 0: 40 and 20 are short.
    """
    api = {"bands": [{"commit_usd_per_year": 1, "discount": 0}], "payment": "prepaid_yearly"}
    usage = [40 / 12] * 12 + [80 / 12] * 12
    offer = {"terms": [24], **channel()}
    deal = api_deal(usage, api, horizon=24, offer=offer, **clouds(other=0, cap=1, years=2))
    result = settled(deal, api_plan((1, (60, 60)), first=24))
    assert result.by_year[:, 0] == pytest.approx([60 + 40, 80 + 20])


@pytest.mark.parametrize(
    ("clause", "api", "terms"),
    [
        ("unused: rollover", {"unused": {"rollover": 1}}, [12, 24]),
        ("yearly_minimum", {"period": "term", "payment": "arrears", "yearly_minimum": 0.5}, [24]),
        ("credit: charges", {"credit": {"usd": 10, "pays": "charges", "within_months": 13}}, [24]),
        ("excess: counts_next", {"excess": "counts_next", "payment": "arrears", "period": "half"}, [12]),
    ],
)
def test_what_carries_over_a_years_end_cannot_stand_beside_a_channel(clause, api, terms):
    """The sentence names both clauses."""
    with pytest.raises(InputError) as error:
        api_deal(1, api, horizon=24, offer={"terms": terms, **channel()}, **clouds(years=2))
    assert "channel" in str(error.value)
    assert clause in str(error.value)


def test_rollover_inside_a_year_may_stand_beside_a_channel():
    """Quarters of a term of 12 months carry nothing out of the year: 2 a quarter and 0, 2.7, 2.7, 2.7 of usage. 2 roll
    into the second, 1.3 into the third and 0.6 into the last, which lacks 0.1.
    """
    api = {"unused": {"rollover": 1}, "period": "quarter", "overage": "contracted"}
    deal = api_deal([0] * 3 + [1] * 9, api, offer=channel(), **clouds(other=0, cap=1))
    assert lines(settled(deal, api_plan((1, (8,))))) == {"commitment": 8, "overage": 0.1, "cloud_shortfall": 91.9}


def test_each_contract_year_needs_its_amount():
    """Two contract years and one amount; one band may serve for both."""
    with pytest.raises(InputError, match=r"cloud_commitments\.aws\.usd_per_year: .*has 1 amount; expected 2"):
        api_deal(1, FREE, horizon=24, **clouds())
    with pytest.raises(InputError, match=r"other_spend_usd_per_year: .*has 2 bands; expected one"):
        api_deal(1, FREE, horizon=36, **clouds(years=3, other=[1, 2]))


def test_a_channel_names_a_cloud_commitment():
    """A slip of the pen is found."""
    with pytest.raises(InputError, match="cloud commitment 'aws-eu'"):
        api_deal(1, FREE, offer={"channel": {"through": "aws-eu"}}, **clouds())


def test_at_list_nothing_counts():
    """Who signs nothing pays the whole shortfall."""
    deal = api_deal(40 / 12, FREE, offer=channel(), **clouds())
    assert lines(settled(deal, Plan(api=list_api(12), routing=routes({"opus": 1})))) == {
        "usage": 40,
        "cloud_shortfall": 30,
    }


# --- what is signed ---------------------------------------------------------------------------------------------------

METHODS = pytest.mark.parametrize("method", ["decomposition", "extensive"])


def two_quotes(usage, risk="neutral", **cloud):
    """Return a deal with the same quote twice: 5 % off directly, nothing off through the channel."""
    direct = {"terms": [12], "api": {"bands": [{"commit_usd_per_year": 0, "discount": 0.05}]}}
    offers = {"direct": direct, "market": {"terms": [12], "api": FREE, **channel()}}
    paths = {
        name: {"weight": 1, "requests_per_month": {"app": usd / 12}, "other_spend_usd_per_year": {"aws": other}}
        for name, (usd, other) in usage.items()
    }
    return deal_of(workloads={"app": APP}, offers=offers, scenarios=paths, risk=risk, **clouds(**cloud))


@METHODS
@pytest.mark.parametrize(
    ("cap", "offer", "cost"), [(0, "direct", 68), (0.01, "direct", 68), (0.02, "direct", 68), (0.03, "market", 67)]
)
def test_the_channel_is_taken_where_it_retires_more_than_the_discount(cap, offer, cost, method):
    """pay = 40, 30 are short. Directly 38 + 30 = 68; through the channel 40 + 30 - 100 · cap. At 2 % both cost 68, and
    the one that uses less at list of them is taken, then the one with the least committed, then the first of the file.
    """
    solution = solve(two_quotes({"only": (40, 70)}, cap=cap), method=method)
    assert solution.plan.api.offer == offer
    assert solution.objective_usd == pytest.approx(cost)


@METHODS
def test_other_spend_decides_scenario_by_scenario(method):
    """40 of usage; other spend is 70, or 100 and nothing is short. Directly 38 + 15 = 53; through the channel
    40 + (30 - 25)/2 = 42.50.
    """
    solution = solve(two_quotes({"low": (40, 70), "high": (40, 100)}), method=method)
    assert solution.plan.api.offer == "market"
    assert solution.objective_usd == pytest.approx(42.5)
    assert solution.settlement.by_line["cloud_shortfall"] == pytest.approx([5, 0])


@METHODS
def test_the_baseline_pays_the_cloud_shortfall_too(method):
    """Nothing is committed: 40 and 5 are paid whatever is feared, and the baseline pays the same."""
    deal = two_quotes({"only": (40, 70)}, risk="balanced")
    solution = solve(deal, method=method)
    assert solution.baseline_cost == pytest.approx([45])
    assert solution.objective_usd == pytest.approx(45)


@METHODS
def test_what_is_not_used_costs_nothing_where_it_retires_a_cloud_commitment(method):
    """Usage 100, or once in ten 300, 20 % off, overage at list; of CC = 400 nothing else is spent, and 240 may be
    retired. Covering the rare 300 at 240 is free: the 160 that are not used else retire 160 of the cloud commitment.
    A bound on the commitment that leaves out rare usage would miss it.
    """
    offer = {"terms": [12], "api": {"bands": [{"commit_usd_per_year": 1, "discount": 0.2}]}, **channel()}
    paths = {
        name: {"weight": 1, "requests_per_month": {"app": usage / 12}}
        for name, usage in {"rare": 300, **{f"usual{number}": 100 for number in range(9)}}.items()
    }
    cloud = clouds(committed=400, other=0, cap=0.6)
    deal = deal_of(workloads={"app": APP}, offers={"quote": offer}, scenarios=paths, **cloud)
    solution = solve(deal, method=method)
    assert solution.objective_usd == pytest.approx(400)
    assert solution.plan.api.terms[0].commitment_usd[0] == pytest.approx(240)


def test_settled_cost_is_convex_between_two_plans():
    """Commitments and seats half way between two plans cost no more than their mean, in every scenario."""
    api = {"bands": [{"commit_usd_per_year": 1, "discount": 0.2}], "payment": "arrears", "period": "quarter"}
    offer = {
        "terms": [12],
        "api": api,
        "seats": {"seat": {"true_up": "quarterly-reconciliation"}},
        **channel(0.8, 0.03),
    }
    paths = {
        f"s{number}": {
            "weight": 1,
            "requests_per_month": {"app": [50.0 * number + 10 * month for month in range(12)]},
            "active_users": {"staff": [float(2 + number + month % 5) for month in range(12)]},
            "other_spend_usd_per_year": {"aws": 1_500.0 * number},
        }
        for number in range(4)
    }
    staff = {"headcount": 0, "tracks": ["seat"]}
    deal = deal_of(
        workloads={"app": APP},
        cohorts={"staff": staff},
        offers={"quote": offer},
        scenarios=paths,
        cost_of_capital_per_year=0.1,
        **clouds(committed=6_000, other=0, cap=0.5),
    )

    def cost(committed, seats):
        plan = seat_plan((seats,), api=api_plan((1, (committed,))).api, routing=routes({"opus": 1}))
        return settle(deal, plan, scenarios_of(deal)).cost

    rng = np.random.default_rng(3)
    for _ in range(40):
        (low, few), (high, many) = ((float(rng.integers(1, 5_000)), 2 * int(rng.integers(0, 6))) for _ in range(2))
        middle = cost((low + high) / 2, (few + many) // 2)
        assert np.all(middle <= (cost(low, few) + cost(high, many)) / 2 + 1e-6)


# --- who pays ---------------------------------------------------------------------------------------------------------


def test_a_fee_follows_its_payment_and_the_shortfall_is_a_row_of_its_own():
    """A cloud commitment may have the name of a cohort. 20 seats of 1 and 40 of usage, fee 10 %: 2 and 4; 100 - 60."""
    offers = {
        "quote": {"terms": [12], "api": FREE, "seats": {"seat": {"usd_per_user_month": 1 / 12}}, **channel(fee=0.1)}
    }
    deal = deal_of(
        workloads={"app": APP},
        cohorts={"aws": {"headcount": 0, "tracks": ["seat"]}},
        offers=offers,
        scenarios=only(requests_per_month={"app": 40 / 12}, active_users={"aws": 20}),
        **clouds(other=0, cap=1),
    )
    api = api_plan(FREE_PLAN).api
    plan = seat_plan((20,), api=api, routing=routes({"opus": 1}), tracks={"aws": ("seat",)})
    found = allocate(settled(deal, plan))
    assert {(row.kind, row.name, row.line): round(row.expected_usd, 6) for row in found.lines} == {
        ("workload", "app", "usage"): 40,
        ("workload", "app", "fee"): 4,
        ("cohort", "aws", "seats"): 20,
        ("cohort", "aws", "fee"): 2,
        ("cloud", "aws", "cloud_shortfall"): 40,
    }


# --- what is printed --------------------------------------------------------------------------------------------------


def test_the_page_says_what_counted_towards_the_commitment_and_when_the_rest_is_paid():
    """Other spend is 70 or 100: 25 of 40 count, and (100 - 70 - 25)/2 = 2.50 are expected to lack at the year's end."""
    deal = two_quotes({"low": (40_000, 70_000), "high": (40_000, 100_000)}, committed=100_000)
    solution = solve(deal)
    (row,) = cloud_years(solution.settlement)
    assert (row.committed_usd, row.other_spend_usd, row.retired_usd) == pytest.approx((100_000, 85_000, 25_000))
    assert (row.shortfall_usd, row.shortfall_probability, row.cap_probability) == pytest.approx((2_500, 0.5, 1))
    assert any(re.match(r"of which counted towards aws +25,000 +25,000$", line) for line in printed(solution))
    assert "100,000.00" in cloud_table(solution.settlement)
    (paid,) = [event for event in calendar(solution.settlement) if event.kind == "cloud"]
    assert f"{paid.day} {paid.what}" == "2027-12-31 what year 1 lacks of the commitment to aws is paid"


def printed(solution):
    return solution_report(subject_of(solution)).splitlines()


@pytest.mark.parametrize(
    ("cloud", "through", "path", "sentence"),
    [
        ({}, {"counts": 0}, "offers.quote.channel.counts", "is 0, so what is paid through the channel retires nothing"),
        ({"other": 100}, {}, "cloud_commitments.aws", "nothing is short"),
        ({}, None, "cloud_commitments.aws", "no offer has a channel toward it"),
        ({"cap": 0}, {}, "cloud_commitments.aws.cap_share", "is 0, so what is paid through a channel retires nothing"),
        ({"cap": 0.3}, {}, "cloud_commitments.aws.cap_share", "never binds: other spend leaves at most 30%"),
        ({"cap": 0.29}, {}, None, None),
    ],
)
def test_check_finds_what_can_never_matter(cloud, through, path, sentence):
    """30 of 100 are left: a cap of 30 % is as good as none."""
    offer = {} if through is None else channel(**through)
    deal = api_deal(1, FREE, offer=offer, **clouds(**cloud))
    found = {each.path: each.sentence for each in findings(deal, scenarios_of(deal))}
    about = {where: text for where, text in found.items() if where.startswith("cloud") or "channel" in where}
    assert list(about) == ([path] if path else [])
    assert sentence is None or sentence in about[path]


def test_steps_towards_the_buyer_let_all_payments_count_and_take_the_fee_away():
    """Half of the payments count, at a fee of 5 %."""
    deal = api_deal(1, FREE, offer=channel(0.5, 0.05), **clouds())
    steps = {step.clause: (step.was, step.requested) for step in clause_steps(deal, "quote")}
    assert steps["channel counts"] == ("50%", "100%")
    assert steps["channel fee"] == ("5%", "0%")
    direct = api_deal(1, FREE, **clouds())
    assert not {"channel counts", "channel fee"} & {step.clause for step in clause_steps(direct, "quote")}


def test_a_correlated_sample_draws_the_other_spend_of_each_year():
    """Two years move together at a correlation of 1, and are independent at 0; usage is certain."""
    bands = [{"p10": 50, "p50": 70, "p90": 90}, {"p10": 40, "p50": 60, "p90": 85}]
    cloud = {"aws": {"usd_per_year": [100, 100], "other_spend_usd_per_year": bands}}

    def drawn(rho):
        deal = deal_of(24, workloads={"app": APP}, cloud_commitments=cloud, uncertainty={"correlation": {"cloud": rho}})
        return sample(deal, 512, seed=1).in_memory().other_spend["aws"]

    assert np.quantile(drawn(0)[0], 0.5) == pytest.approx(70, abs=0.5)
    assert abs(np.corrcoef(drawn(0))[0, 1]) < 0.1
    assert np.corrcoef(drawn(1))[0, 1] > 0.99


def test_the_page_says_how_likely_a_cloud_commitment_is_not_met():
    """40 of usage retire 25: with other spend of 70 of 100, 5 are short in every future; with 80, in none."""
    futures = {
        name: {"weight": 1, "requests_per_month": {"app": usd}} for name, usd in (("a", 40 / 12), ("b", 50 / 12))
    }
    said = {}
    for other in (70, 80):
        deal = api_deal(0, FREE, offer=channel(), scenarios=futures, **clouds(other=other))
        rows = risk_rows(subject_of(solve(deal)))
        said[other] = [text for label, text in rows if label == "Cloud"]
    assert said == {70: ["certain: the commitment to aws falls short, 5"], 80: []}
