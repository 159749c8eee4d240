"""Today's bill: requests, tokens by class, seats and dollars of the first month, worked by hand; the command."""

import csv
import json

import pytest

from deal_solve import from_json, load, loads, today
from deal_solve.analysis.today.result import TodayResult
from deal_solve.cli.main import run
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.proposal import Proposal
from deal_solve.report.today import todays_bill
from deal_solve.settlement.usage import usage_of
from deal_solve.uncertainty.expansion import central
from tests.support.paths import EXAMPLES

SONNET = {"input_usd_per_mtok": 2, "output_usd_per_mtok": 10}
RATES = {
    "card": "claude@2026-11-23",
    "models": {"claude-sonnet-5-5": {**SONNET, "cache_read_multiplier": 0.1}, "claude-opus-5-5": SONNET},
    "seats": {"enterprise": {"usd_per_user_month": 30, "covered_share": 0.75}},
}
BOT = {
    "requests_per_month": {"p10": "1M", "p50": "3M", "p90": "9M"},
    "growth_per_year": "50%",
    "input_tokens": 2000,
    "output_tokens": 100,
    "today": {"model": "claude-sonnet-5-5"},
    "models": ["sonnet", "opus"],
}


def deal_of(**sections):
    return loads(json.dumps({"start": "2027-03", "horizon_months": 12, "rates": RATES, **sections}))


def bot_of(**changes):
    """Return today's use of the workload `bot`."""
    (use,) = today(deal_of(workloads={"bot": {**BOT, **changes}})).uses
    return use


def test_a_workload_by_hand_at_the_middle_of_its_band_and_before_growth():
    """3M requests of 2,000 tokens in and 100 out: 6,000 M in at 2 USD and 300 M out at 10 USD, 15,000 USD."""
    use = bot_of()
    assert (use.requests, use.input_mtok, use.output_mtok) == pytest.approx((3e6, 6000, 300))
    assert (use.cache_write_mtok, use.cache_read_mtok) == (0, 0)
    assert use.usage_usd == pytest.approx(15_000)
    assert (use.runs_on, use.priced_as, use.is_stated) == ("claude-sonnet-5-5", "claude-sonnet-5-5", True)


def test_a_cached_prefix_is_counted_by_class():
    """Half of 4,000 tokens is a prefix, 80 % warm: of 12,000 M, 6,000 M uncached, 1,200 M written, 4,800 M read.

    6,000 · 2 + 1,200 · 2.50 + 4,800 · 0.20 + 300 · 10 = 12,000 + 3,000 + 960 + 3,000 = 18,960.
    """
    cached = {"model": "claude-sonnet-5-5", "cached": True}
    use = bot_of(input_tokens=4000, cache={"share": 0.5, "hit_rate": 0.8}, today=cached)
    tokens = (use.input_mtok, use.cache_write_mtok, use.cache_read_mtok, use.output_mtok)
    assert tokens == pytest.approx((6000, 1200, 4800, 300))
    assert use.usage_usd == pytest.approx(18_960)
    assert use.runs_on == "claude-sonnet-5-5+cache"


def test_a_bucket_whose_prefix_is_too_short_is_not_cached():
    """Half of the requests have 100 tokens, whose prefix of 50 is below every least length: 150 M uncached."""
    cached = {"model": "claude-sonnet-5-5", "cached": True}
    buckets = [{"share": 0.5, "tokens": 100}, {"share": 0.5, "tokens": 4000}]
    use = bot_of(input_tokens=buckets, cache={"share": 0.5, "hit_rate": 0.8}, today=cached)
    tokens = (use.input_mtok, use.cache_write_mtok, use.cache_read_mtok)
    assert tokens == pytest.approx((150 + 3000, 600, 2400))


def test_the_season_of_the_month_counts():
    """The factors add up to 14, their mean is 14/12; March has 3M · 3 / (14/12) requests."""
    season = [1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert bot_of(season_by_calendar_month=season).requests == pytest.approx(3e6 * 3 * 12 / 14)


def test_spend_in_place_of_requests_is_the_bill():
    """15,000 USD a month on the 0.5 cents of a request are its 3M requests; the season comes on top."""
    use = bot_of(requests_per_month=None, spend_usd_per_month={"p10": "5k", "p50": "15k", "p90": "45k"})
    assert (use.requests, use.usage_usd) == pytest.approx((3e6, 15_000))


def test_other_charges_are_part_of_the_bill():
    """3M requests with a search of 1 cent each: 30,000 USD beside the 15,000 of tokens."""
    bill = today(deal_of(workloads={"bot": {**BOT, "other_usd_per_request": 0.01}}))
    assert (bill.usage_usd, bill.seats_usd, bill.total_usd) == pytest.approx((45_000, 0, 45_000))


def test_the_model_of_today_is_priced_whatever_the_floor_closes():
    """The floor closes sonnet for the plan; today's bill is on it."""
    quality = {"floor": 0.95, "scores": {"sonnet": 0.9, "opus": 0.96}}
    assert bot_of(quality=quality).runs_on == "claude-sonnet-5-5"
    assert bot_of(quality=quality, today=None).runs_on == "opus"


def test_a_retired_model_is_said_with_what_prices_it():
    """claude-opus-4-1-20250805 has retired on 2026-08-05: its slot, claude-opus-5-5, is priced."""
    deal = deal_of(workloads={"bot": {**BOT, "today": {"model": "claude-opus-4-1-20250805"}}})
    (use,) = today(deal).uses
    assert use.is_retired and use.priced_as == "claude-opus-5-5"
    said = " ".join(todays_bill(today(deal)).split())
    assert "claude-opus-4-1-20250805, which bot runs on, has retired: priced as claude-opus-5-5." in said


def test_a_workload_that_has_not_begun_has_no_bill():
    deal = deal_of(workloads={"bot": BOT, "later": {**BOT, "starts": "2027-06"}})
    bill = today(deal)
    assert bill.uses[1].requests == 0 and bill.total_usd == pytest.approx(15_000)
    assert "Nothing is used yet by later (2027-06)." in todays_bill(bill)


PEOPLE = {
    "headcount": 100,
    "active_share": 0.5,
    "tracks": ["enterprise", "desk", "none"],
    "unserved_usd_per_user_month": 1,
    "use": {"requests_per_user_month": 1000, "input_tokens": 2000, "output_tokens": 100, "models": ["sonnet"]},
}


def people_of(**changes):
    """Return today's use of the cohort `staff`."""
    deal = deal_of(cohorts={"staff": {**PEOPLE, **changes}}, internal_tools={"desk": {"build_usd": 1000}})
    (use,) = today(deal).uses
    return use


def test_a_cohort_by_hand_with_seats_and_use():
    """50 users at 30 USD: 1,500. 50,000 requests are worth 250 USD at list, of which seats include three quarters."""
    use = people_of()
    assert (use.people, use.users, use.track, use.seat_usd) == (100, 50, "enterprise", 30)
    assert (use.seats_usd, use.requests, use.input_mtok, use.output_mtok) == pytest.approx((1500, 50_000, 100, 5))
    assert (use.usage_usd, use.included_usd, use.total_usd) == pytest.approx((62.5, 187.5, 1562.5))


def test_the_bill_under_an_agreement_in_force_stands_beside_list():
    """15,000 of usage at 20 % off are 12,000, drawn from what is prepaid. 50 users have 60 licensed seats at 25, 1,500
    instead of 50 at 30; a tenth of their 62.50 of metered usage counts, 6.25 at 20 % off: 61.25.
    """
    seat = {"usd_per_user_month": 25, "counts_toward_commitment": 0.1}
    bands = [{"commit_usd_per_year": 100_000, "discount": 0.2}]
    own = {"band_usd_per_year": 100_000, "commitment_usd": 100_000, "period_started": "2026-09", "drawn_usd": 5}
    seats = {"enterprise": {"contracted": 40, "licensed": 60}}
    deal = deal_of(
        workloads={"bot": BOT},
        cohorts={"staff": {**PEOPLE, "tracks": ["none", "enterprise"]}},
        offers={"old": {"on_the_table": False, "api": {"bands": bands}, "seats": {"enterprise": seat}}},
        in_force={"offer": "old", "ends": "2027-09", "api": own, "seats": seats},
    )
    bill = today(deal)
    assert (bill.usage_usd, bill.seats_usd) == pytest.approx((15_062.5, 1_500))
    assert bill.in_force.is_drawn
    assert (bill.in_force.usage_usd, bill.in_force.seats_usd) == pytest.approx((12_061.25, 1_500))
    said = " ".join(todays_bill(bill).split())
    assert "at list (15,062.50 of API usage and 1,500.00 of seats), 13,561.25 USD under the agreement in force." in said
    assert "Under old, in force until 2027-09, usage is 12,061.25 USD, drawn from its commitment" in said
    assert today(deal_of(workloads={"bot": BOT})).in_force is None


def test_a_tool_meters_everything_and_nobody_served_uses_nothing():
    tool, none = people_of(tracks=["desk", "none"]), people_of(tracks=["none", "desk"])
    assert (tool.track, tool.seats_usd, tool.usage_usd, tool.included_usd) == ("desk", 0, pytest.approx(250), 0)
    assert (none.track, none.requests, none.total_usd) == ("none", None, 0)


def test_a_track_that_lacks_a_required_control_is_not_todays():
    """SCIM is in the enterprise seat alone, so that team-standard, which stands first, is closed to who requires it."""
    tracks = ["team-standard", "enterprise"]
    assert people_of(tracks=tracks).track == "team-standard"
    assert people_of(tracks=tracks, requires=["scim"]).track == "enterprise"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_workloads_of_an_example_cost_what_the_first_month_settles_to(path):
    """Routed as today, with every band at P50, the list value of month 0 is today's bill of the workloads."""
    deal = load(path)
    if deal.is_open:
        deal = deal.signed_in(0)
    scenario = central(deal)
    plan, _ = complete(deal, Proposal(), scenario)
    usage = usage_of(deal, plan, scenario, users=deal.workloads)
    settled = sum(float(usd[0, 0]) for table in (usage.counted, usage.other) for usd in table.values())
    works = [use for use in today(deal).uses if use.kind == "workload"]
    assert sum(use.usage_usd + use.other_usd for use in works) == pytest.approx(settled, rel=1e-12)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_parts_of_a_bill_add_up_and_the_page_is_not_too_wide(path):
    bill = today(load(path))
    assert bill.total_usd == pytest.approx(sum(use.total_usd for use in bill.uses))
    text = todays_bill(bill)
    assert max(map(len, text.splitlines())) <= 100 and f"In all {bill.total_usd:,.2f} USD" in " ".join(text.split())


def called(capsys, *args):
    code = run(list(map(str, args)))
    return code, capsys.readouterr().out


def test_the_command_prints_and_writes_what_the_function_returns(capsys, tmp_path):
    path, out, table = EXAMPLES[0], tmp_path / "today.json", tmp_path / "today.csv"
    bill = today(load(path))
    code, printed = called(capsys, "today", path, "--json", out, "--out", table)
    assert code == 0 and todays_bill(bill) in printed
    assert from_json(out.read_text(), TodayResult).uses == bill.uses
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [use.name for use in bill.uses]
    assert sum(float(row["usage_usd"]) for row in rows) == pytest.approx(bill.usage_usd)
    assert called(capsys, "today", path, "--json", "-") == (0, out.read_text())


def test_check_prints_todays_bill_before_what_is_dead(capsys):
    path = next(each for each in EXAMPLES if each.stem == "regulated")
    code, printed = called(capsys, "check", path)
    assert code == 0
    assert printed.index("Is that") < printed.index("Unreachable, or never binding")
    assert todays_bill(today(load(path))) in printed
