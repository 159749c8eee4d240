"""The signed deal against exports: what is drawn, months in their forecast, thresholds, and what is refused."""

import json
from datetime import date, timedelta

import pytest

from deal_solve import InputError, load_proposal
from deal_solve.analysis.track.text import track_report
from deal_solve.analysis.track.track import track
from deal_solve.cli.main import run
from tests.support.exports import FIRST, HAIKU, OPUS, bucket, page, usage, write
from tests.support.exports.tracked import DEAL, PLAN, written


@pytest.fixture
def signed(tmp_path):
    """A deal of 3,000 USD a year, and 1,000 requests a day of a thousandth of a million tokens of Opus 5 at 5 USD."""
    return written(tmp_path)


def test_what_is_drawn_is_usage_at_contracted_rates(signed):
    """61 days of 5 USD at list, 20 % off: 244 drawn of 3,000, against 500 at an even pace."""
    deal, plan, used = signed
    found = track(deal, plan, used)
    assert found.until == "2026-10-31"
    assert found.position.drawn_usd == pytest.approx(61 * 5 * 0.8)
    assert found.position.pace_usd == pytest.approx(3000 * 2 / 12)
    assert (found.position.period, found.position.ends) == ("2026-09 to 2027-08", "2027-09")
    assert found.about.deal.start.isoformat() == "2026-11-01"


def test_a_balance_that_is_used_up_is_drawn_in_full(signed):
    """244 used at contracted rates of a commitment of 200: 200 are drawn, and the rest was paid as overage."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("1k, discount", "100, discount").replace("  api: {", "  api: {starts: 2026-10, "))
    plan.write_text(PLAN.replace("3k", "200"))
    found = track(deal, plan, used)
    assert found.position.drawn_usd == pytest.approx(200)
    assert found.position.balance_usd == pytest.approx(200)


def test_a_balance_that_is_used_up_ran_out_in_the_month_in_which_it_did(signed):
    """4 a day: 120 in September, so that 200 are drawn on the 20th of October; overage at list costs more."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("1k, discount", "100, discount"))
    plan.write_text(PLAN.replace("3k", "200"))
    found = track(deal, plan, used)
    page = " ".join(track_report(found.about.deal, found).split())
    assert "200 of 200 drawn in 2026-09 to 2027-08" in page
    assert "it ran out in 2026-10;" in page
    assert any("the balance has run out" in step.what for step in found.steps)
    assert "runs out" not in page


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
    with pytest.raises(InputError, match="what is signed is about 2027-03 to 2029-08: nothing of it"):
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


def test_what_is_carried_in_counts(signed):
    """750 of the quarter before are not drawn and roll over into this one: 244 of 750 + 750."""
    deal, plan, used = signed
    rolls = "quote: {terms: [12, 24], api: {period: quarter, unused: {rollover: 100%}, "
    deal.write_text(DEAL.replace("2026-09", "2026-06").replace("quote: {terms: [12, 24], api: {", rolls))
    found = track(deal, plan, used).position
    assert (found.balance_usd, found.drawn_usd) == (pytest.approx(1500), pytest.approx(244))


def test_a_credit_that_is_balance_counts(signed):
    deal, plan, used = signed
    deal.write_text(DEAL.replace("overage: list", "overage: list, credit: {usd: 500, pays: balance}"))
    assert track(deal, plan, used).position.balance_usd == pytest.approx(3500)


def test_a_ramp_in_its_last_year_is_tracked(signed):
    """The second of two years, 4,000 after 2,000, has begun: of 4,000 are 244 drawn."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("2026-09", "2025-09").replace("overage: list", "overage: list, ramp: free"))
    plan.write_text("api: {offer: quote, term_months: 24, commitment_usd: [2k, 4k]}")
    found = track(deal, plan, used)
    assert (found.position.balance_usd, found.position.drawn_usd) == (pytest.approx(4000), pytest.approx(244))
    assert found.position.period == "2026-09 to 2027-08"


@pytest.mark.parametrize(("start", "left"), [("2026-09", (300, 400, 500)), ("2025-09", (400, 500))])
def test_a_ramp_that_still_rises_is_in_force_year_by_year(signed, start, left):
    """Of 300 in year 1, of 400 in year 2, 244 are drawn; the years to come keep their own amounts."""
    deal, plan, used = signed
    rises = DEAL.replace("1k, discount", "400, discount").replace("[12, 24]", "[36]").replace("2026-09", start)
    deal.write_text(rises.replace("overage: list", "overage: list, ramp: free"))
    plan.write_text("api: {offer: quote, term_months: 36, commitment_usd: [300, 400, 500]}")
    found = track(deal, plan, used)
    assert (found.position.balance_usd, found.position.drawn_usd) == (pytest.approx(left[0]), pytest.approx(244))
    assert found.about.deal.in_force.api.commitment_usd == pytest.approx(left)
    assert found.about.deal.in_force.api.band_usd_per_year == 400


def test_what_cannot_be_in_force_is_said_of_the_offer_that_was_signed(signed):
    deal, plan, used = signed
    deal.write_text(DEAL.replace("overage: list", "overage: list, period: term, payment: arrears, yearly_minimum: 50%"))
    with pytest.raises(
        InputError, match=r"cannot be tracked as an agreement in force: .*yearly_minimum of quote cannot"
    ):
        track(deal, plan, used)


def test_prices_in_force_have_the_discount_of_their_term(signed):
    """20 % for the band and 10 % for the term: 61 days of 5 USD at 0.72; the same holds until the end."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("terms: [12, 24]", "terms: {12: {api: 10%}, 24: {}}"))
    found = track(deal, plan, used)
    assert found.position.drawn_usd == pytest.approx(61 * 5 * 0.72)
    assert found.about.deal.offers["quote-in-force"].api.bands[0].one_discount == pytest.approx(0.28)


def test_spend_is_held_against_the_plan_line_by_line(signed):
    """Two months of 30,000 requests of a thousandth of a million tokens: 300 at list planned at P50, 305 came."""
    deal, plan, used = signed
    opus, total = track(deal, plan, used).spent
    assert (opus.line, total.line) == ("claude-opus-5", "all API usage")
    assert (opus.came_usd, total.came_usd) == (pytest.approx(305 * 0.8), pytest.approx(305 * 0.8))
    assert opus.p10_usd == pytest.approx(2 * 20 * 5 * 0.8)
    assert opus.p90_usd == pytest.approx(2 * 45 * 5 * 0.8)
    assert opus.billed_usd is None


def test_models_of_one_group_belong_to_its_workload(tmp_path):
    """Opus and Haiku of one workspace are the workload of its name, another one is what --map-workload says."""
    rows = [usage(workspace_id=name, model=model) for name, model in (("a", OPUS), ("a", HAIKU), ("b", OPUS))]
    days = write(tmp_path, "usage.json", page(*(bucket(FIRST + timedelta(day), *rows) for day in range(63))))
    deal = write(tmp_path, "deal.yaml", DEAL.replace("  api: {requests", "  a: {requests"))
    plan = write(tmp_path, "plan.yaml", PLAN)
    found = track(deal, plan, days)
    assert {each.what for each in found.assumptions} >= {"b"}
    alone, both = (
        sum(each.requests for each in track(deal, plan, days, called=called).came) for called in ({}, {"b": "a"})
    )
    assert both == pytest.approx(1.5 * alone)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("api", "expected MEASURED=DEAL"),
        ("api=bot", "the deal has no such workload"),
        ("bot=api", "nothing measured is called so; the exports have api"),
    ],
)
def test_a_map_of_workloads_names_both(signed, capsys, pair, words):
    deal, plan, used = signed
    assert run(["track", str(deal), "--plan", str(plan), str(used), "--map-workload", pair]) == 2
    assert words in capsys.readouterr().err


def test_a_plain_table_is_tracked_and_forecast_by_its_map(tmp_path, capsys):
    """1,000 requests a day of 1,000 tokens of Opus at 5 USD a million, 20 % off: 61 days draw 244."""
    deal, plan = write(tmp_path, "deal.yaml", DEAL), write(tmp_path, "plan.yaml", PLAN)
    days = [f"{FIRST + timedelta(day)},{OPUS},api,1000,1000000" for day in range(63)]
    table = write(tmp_path, "usage.csv", "\n".join(["Date,Model,Space,Count,In", *days, ""]))
    mapped = ["day=Date", "model=Model", "workspace=Space", "requests=Count", "input=In"]
    options = [word for each in mapped for word in ("--map", each)]
    assert run(["track", str(deal), "--plan", str(plan), str(table), *options]) == 0
    assert run(["forecast", str(table), *options]) == 0
    assert capsys.readouterr().err == ""
    assert track(deal, plan, table, columns=mapped).position.drawn_usd == pytest.approx(61 * 5 * 0.8)


def test_what_is_no_longer_so_is_named(signed):
    """1,500 tokens were to go into Haiku (that of the month), 1,000 went into Opus."""
    deal, plan, used = signed
    deal.write_text(
        DEAL.replace("input_tokens: 1000", "input_tokens: 1500").replace("models: [opus]", "models: [haiku, opus]")
    )
    plan.write_text(PLAN + "routing: {api: haiku}\n")
    found = {each.what: (each.assumed, each.measured) for each in track(deal, plan, used).assumptions}
    assert found["api: input tokens"] == ("1,500", "1,000")
    assert found["api: model"] == ("claude-haiku-4-5-20251001", "most dollars on claude-opus-5")


def test_a_band_of_growth_that_was_narrower_is_named(signed):
    """The measured median lies in it; the deal from here on is solved with the measured band, which is wider."""
    deal, plan, used = signed
    stated = "output_tokens: 0, growth_per_year: {p10: 0%, p50: 43%, p90: 90%}"
    deal.write_text(DEAL.replace("output_tokens: 0", stated))
    (row,) = (row for row in track(deal, plan, used).assumptions if row.what.endswith("growth per year"))
    assert row.assumed == "0% to 90%"


def test_requests_without_a_token_are_named(signed):
    deal, plan, used = signed
    nothing = {"output_tokens": 0, "cache_read_input_tokens": 0, "cache_creation": None, "uncached_input_tokens": 0}
    row = usage(requests=1000, **nothing)
    used.write_text(json.dumps(page(*(bucket(FIRST + timedelta(day), row) for day in range(63)))))
    found = {each.what: (each.assumed, each.measured) for each in track(deal, plan, used).assumptions}
    assert found["api: input tokens"] == ("1,000", "0")


def test_what_is_left_of_the_balance_is_told_by_month(signed):
    """2,880 and 2,756 after two months of 120 and 124; what is to do now is to use what would be lost."""
    deal, plan, used = signed
    found = track(deal, plan, used)
    left = found.outlook.left
    assert [each.p50_usd for each in left[:2]] == [pytest.approx(2880), pytest.approx(2756)]
    assert [each.is_measured for each in left] == [True] * 2 + [False] * 10
    assert all(each.p10_usd <= each.p50_usd <= each.p90_usd for each in left)
    assert (found.steps[0].when, found.steps[0].usd) == ("now", found.position.expected_forfeited_usd)
    assert found.steps[-1].when == "2027-09"


def test_usage_above_the_plan_is_something_to_do(signed):
    """61,000 requests where 20,000 a month were the P90 and 15,000 the median: 244 against 120 expected."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("p10: 20k, p50: 30k, p90: 45k", "p10: 10k, p50: 15k, p90: 20k"))
    (task,) = (task for task in track(deal, plan, used).steps if "more than the plan's P90 of 160" in task.what)
    assert task.when == "now"
    assert task.what.endswith("above its expected 120")
    assert task.usd == pytest.approx(244 - 0.8 * 5 * 2 * 15, abs=1)


def test_limits_that_usage_has_broken_leave_the_position_and_the_best_without_them(signed):
    deal, plan, used = signed
    free = track(deal, plan, used)
    deal.write_text(f"{DEAL}limits: [{{of: total, measure: worst, at_most: 100}}]\n")
    held = track(deal, plan, used)
    assert held.notes[0].startswith("no plan from here on keeps the limits of the file")
    assert (held.position, held.solution.objective_usd) == (free.position, free.solution.objective_usd)


def test_usage_below_the_plan_says_how_far_below_what_was_expected(signed):
    """61,000 requests where 70,000 a month were the P10 and 90,000 the median: 244 against 720 expected."""
    deal, plan, used = signed
    deal.write_text(DEAL.replace("p10: 20k, p50: 30k, p90: 45k", "p10: 70k, p50: 90k, p90: 110k"))
    (task,) = (task for task in track(deal, plan, used).steps if "less than the plan's P10 of 560" in task.what)
    assert task.what.endswith("below its expected 720")
    assert task.usd == pytest.approx(720 - 244, abs=1)


def read_from_the_cache(tmp_path, **offer):
    """Return the index of a deal of October 2026, when a read of Sonnet 5.5's cache cost 0.2 USD a million tokens.

    On the card of 2026-11-23 it is 0.1.
    """
    reads = {"uncached_input_tokens": 0, "output_tokens": 0, "cache_creation": None, "cache_read_input_tokens": 10**6}
    row = usage(model="claude-sonnet-5-5", requests=1000, **reads)
    days = page(*(bucket(date(2026, 10, 1) + timedelta(day), row) for day in range(33)))
    text = DEAL.replace("2026-09", "2026-10").replace("[opus]", "[sonnet]").replace("opus-5,", "sonnet-5-5,")
    text = text.replace("claude-opus-5}", "claude-sonnet-5-5}").replace("quote: {", f"quote: {{{offer['protection']}, ")
    plan = write(tmp_path, "plan.yaml", PLAN)
    found = track(write(tmp_path, "deal.yaml", text), plan, write(tmp_path, "usage.json", days))
    return found.about.deal.whole.in_force.index


def test_a_protected_price_starts_from_the_list_price_at_signing(tmp_path):
    assert read_from_the_cache(tmp_path, protection="price_protection: locked") == {"sonnet": 2.0}


def test_a_capped_price_may_have_risen_since_signing(tmp_path):
    """10 % a year from October on, a month of which is over."""
    found = read_from_the_cache(tmp_path, protection="price_protection: {capped: 10%}")
    assert found == {"sonnet": pytest.approx(2 * 1.1 ** (1 / 12), abs=1e-6)}


def test_a_price_that_is_not_protected_needs_no_start(tmp_path):
    assert read_from_the_cache(tmp_path, protection="price_protection: none") == {}


def test_picture_and_report_are_written(signed, tmp_path):
    deal, plan, used = signed
    out = {name: tmp_path / name for name in ("a.svg", "a.html")}
    options = ["--picture", str(out["a.svg"]), "--report", str(out["a.html"])]
    assert run(["track", str(deal), "--plan", str(plan), str(used), *options]) == 0
    assert "Balance left" in out["a.svg"].read_text()
    assert "all API usage" in out["a.html"].read_text()


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
    with pytest.raises(
        InputError,
        match=r"no workload of the deal \(bot\) is measured; the exports have api: write --map-workload api=bot",
    ):
        track(deal, plan, used)


def test_a_plan_at_list_is_not_in_force(signed):
    deal, plan, used = signed
    plan.write_text("api: {offer: list}\n")
    with pytest.raises(InputError, match="nothing of the plan is in force"):
        track(deal, load_proposal(plan), used)


def test_exports_before_the_deal_are_refused(signed):
    deal, plan, used = signed
    deal.write_text(deal.read_text().replace("2026-09", "2027-09"))
    with pytest.raises(InputError, match="what is signed is about 2027-09 to 2030-08: nothing of it"):
        track(deal, plan, used)


def test_a_limit_of_time_leaves_the_position_and_a_simple_plan(signed, capsys):
    deal, plan, used = signed
    asked = ["track", str(deal), str(used), "--plan", str(plan), "--time-limit", "1e-6"]
    assert run(asked) == 4
    text = " ".join(capsys.readouterr().out.split())
    assert "drawn in 2026-09 to 2027-08" in text and "not proven: a plan that is up to" in text
    assert run([*asked, "--alert", "behind_pace>200"]) == 6
