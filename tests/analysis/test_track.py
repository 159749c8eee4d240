"""The signed deal against exports: what is drawn, months in their forecast, thresholds, and what is refused."""

import json
from datetime import timedelta

import pytest

from deal_solve import InputError, load_proposal
from deal_solve.analysis.track.track import track
from deal_solve.cli.main import run
from tests.support.exports import FIRST, bucket, page, usage, write

DEAL = """
title: Tracked
start: 2026-09
horizon_months: 36
workloads:
  api: {requests_per_month: {p10: 20k, p50: 30k, p90: 45k}, input_tokens: 1000, output_tokens: 0, models: [opus],
    today: {model: claude-opus-5}}
offers:
  quote: {terms: [12, 24], api: {bands: [{commit_usd_per_year: 1k, discount: 20%}], overage: list}}
"""
PLAN = "api: {offer: quote, term_months: 12, commitment_usd: 3k}\n"


@pytest.fixture
def signed(tmp_path):
    """A deal of 3,000 USD a year, and 1,000 requests a day of a thousandth of a million tokens of Opus 5 at 5 USD."""
    nothing = {"output_tokens": 0, "cache_read_input_tokens": 0, "cache_creation": None}
    row = usage(requests=1000, uncached_input_tokens=1_000_000, **nothing)
    days = page(*(bucket(FIRST + timedelta(day), row) for day in range(63)))
    return write(tmp_path, "deal.yaml", DEAL), write(tmp_path, "plan.yaml", PLAN), write(tmp_path, "usage.json", days)


def test_what_is_drawn_is_usage_at_contracted_rates(signed):
    """61 days of 5 USD at list, 20 % off: 244 drawn of 3,000, against 500 at an even pace."""
    deal, plan, used = signed
    found = track(deal, plan, used)
    assert found.until == "2026-10-31"
    assert found.position.drawn_usd == pytest.approx(61 * 5 * 0.8)
    assert found.position.pace_usd == pytest.approx(3000 * 2 / 12)
    assert (found.position.period, found.position.ends) == ("2026-09 to 2027-08", "2027-09")
    assert found.deal.start.isoformat() == "2026-11-01"


def test_a_balance_that_is_used_up_is_drawn_in_full(signed):
    """244 used at contracted rates of a commitment of 200: 200 are drawn, and the rest was paid as overage."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("1k, discount", "100, discount").replace("  api: {", "  api: {starts: 2026-10, "))
    plan.write_text(PLAN.replace("3k", "200"))
    found = track(deal, plan, used)
    assert found.position.drawn_usd == pytest.approx(200)
    assert found.position.balance_usd == pytest.approx(200)


@pytest.mark.parametrize(("month", "period", "days"), [(0, "2026-09 to 2027-08", 61), (1, "2026-10 to 2027-09", 31)])
def test_a_plan_that_was_signed_later_runs_from_its_month(signed, month, period, days):
    """Usage of September draws nothing of an agreement that was signed in October."""
    deal, plan, used = signed
    deal.write_text(DEAL + "signing: {months: [0, 1, 6]}\n")
    plan.write_text(PLAN + (f"signing_month: {month}\n" if month else ""))
    found = track(deal, plan, used)
    assert found.position.period == period
    assert found.position.drawn_usd == pytest.approx(days * 5 * 0.8)


def test_a_plan_that_is_signed_after_the_exports_is_refused(signed):
    deal, plan, used = signed
    deal.write_text(DEAL + "signing: {months: [0, 6]}\n")
    plan.write_text(PLAN + "signing_month: 6\n")
    with pytest.raises(InputError, match="not inside the deal's months"):
        track(deal, plan, used)


def test_months_are_held_against_their_forecast(signed):
    """30,000 and 31,000 requests came where 30,000 was the median."""
    deal, plan, used = signed
    found = track(deal, plan, used)
    assert [(each.month, each.requests) for each in found.came] == [("2026-09", 30_000), ("2026-10", 31_000)]
    assert all(each.p10 < each.requests < each.p90 for each in found.came)


@pytest.mark.parametrize(("alert", "code"), [("behind_pace>100", 6), ("behind_pace>1k", 0), ("behind_pace<300", 6)])
def test_a_threshold_that_is_crossed_is_an_exit_code(signed, capsys, alert, code):
    """256 behind the pace."""
    deal, plan, used = signed
    assert run(["track", str(deal), "--plan", str(plan), str(used), "--alert", alert, "--json", "-"]) == code
    (found,) = json.loads(capsys.readouterr().out)["alerts"]
    assert found["value"] == pytest.approx(256)


def test_it_prints_a_page(signed, capsys):
    deal, plan, used = signed
    assert run(["track", str(deal), "--plan", str(plan), str(used)]) == 0
    out = capsys.readouterr().out
    assert "244 of 3,000 drawn in 2026-09 to 2027-08, against 500 at an even pace" in out
    assert "What to sign" in out


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        ("forfeiture", "expected NAME>NUMBER"),
        ("forfeit>1", "there is no threshold 'forfeit'; did you mean 'forfeiture'"),
        ("forfeiture>much", "'much'"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused_first(alert, words):
    with pytest.raises(InputError, match=words):
        track("nothing.yaml", "nothing.json", "nothing", alerts=[alert])


def test_workloads_of_other_names_are_refused(signed):
    deal, plan, used = signed
    deal.write_text(deal.read_text().replace("api: {requests", "bot: {requests"))
    with pytest.raises(InputError, match="no workload of the deal is measured; the exports have api"):
        track(deal, plan, used)


def test_a_plan_at_list_is_not_in_force(signed):
    deal, plan, used = signed
    plan.write_text("api: {offer: list}\n")
    with pytest.raises(InputError, match="nothing of the plan is in force"):
        track(deal, load_proposal(plan), used)


def test_exports_before_the_deal_are_refused(signed):
    deal, plan, used = signed
    deal.write_text(deal.read_text().replace("2026-09", "2027-09"))
    with pytest.raises(InputError, match="which is not inside the deal's months"):
        track(deal, plan, used)
