"""From exports to a deal: workloads as they ran, reconciliation by cause, growth, and the chain to a plan."""

import re
from datetime import date, timedelta

import numpy as np
import pytest

from deal_solve import InputError, loads, measure, solve, today
from deal_solve.analysis.forecast.forecast import forecast
from deal_solve.analysis.forecast.picture import figure_of
from deal_solve.analysis.measure.backtest import backtest, widening_of
from deal_solve.analysis.measure.growth import PRODUCTS, fan_of, growth_of
from deal_solve.analysis.measure.into import updated
from deal_solve.analysis.measure.text import measure_report
from deal_solve.cli.main import run
from deal_solve.report.text import Page, printed_on
from tests.support.exports import FIRST, HAIKU, OPUS, SONNET, SPEND_COLUMNS, bucket, cost, daily, page, usage, write
from tests.support.exports.histories import histories

DAYS = 58  # of which 56 are kept
MONTH = 365.25 / 12


@pytest.fixture
def exports(tmp_path):
    """A bot on two models, one cached, and nightly work in batch; 56 days that count."""
    nothing = {"cache_read_input_tokens": 0, "cache_creation": None}
    written = {"ephemeral_5m_input_tokens": 700_000, "ephemeral_1h_input_tokens": 300_000}
    opus = {"requests": 1000, "uncached_input_tokens": 1_000_000, "output_tokens": 200_000, "cache_creation": written}
    haiku = {"model": HAIKU, "requests": 4000, "uncached_input_tokens": 8_000_000, "output_tokens": 400_000, **nothing}
    sonnet = {"model": SONNET, "requests": 500, "uncached_input_tokens": 4_000_000, "output_tokens": 100_000, **nothing}
    results = (
        usage(workspace_id="bot", cache_read_input_tokens=3_000_000, **opus),
        usage(workspace_id="bot", **haiku),
        usage(workspace_id="night", service_tier="batch", **sonnet),
    )
    return write(tmp_path, "usage.json", daily(DAYS, *results))


def test_workloads_are_what_ran(exports):
    """1,000 requests a day of 5,000 input tokens, 80 % cacheable: 75 % read, 30 % of the writes live an hour."""
    found = {work.name: work for work in measure(exports).workloads}
    assert set(found) == {"bot-opus", "bot-haiku", "night"}
    bot = found["bot-opus"]
    assert bot.requests_per_month == pytest.approx(1000 * MONTH)
    assert (bot.input_tokens, bot.output_tokens) == (5000, 200)
    assert (bot.cache_share, bot.hit_rate, bot.one_hour_share) == (0.8, 0.75, 0.3)
    assert (found["night"].is_batch, found["night"].is_cached) == (True, False)


def test_the_deal_implies_the_bill_that_was_measured(exports):
    """Today's bill of the deal file is the list price of what was measured, for a month of the same length."""
    found = measure(exports)
    deal = found.deal()
    measured = sum(work.list_usd_per_month for work in found.workloads)
    # the bill of the first month has grown by half a month of the median growth and less
    bill = today(deal)
    assert bill.total_usd == pytest.approx(measured, rel=0.03)
    assert {use.name: use.runs_on for use in bill.uses} == {
        "bot-opus": f"{OPUS}+cache",
        "bot-haiku": HAIKU,
        "night": f"{SONNET}+batch",
    }


def test_dollars_a_month_are_of_the_same_requests_as_beside_them(tmp_path):
    """Requests double after 29 of 58 days: 1,000 input tokens each at 5 USD a million, 0.005 USD a request."""
    nothing = {"cache_read_input_tokens": 0, "cache_creation": None, "output_tokens": 0}
    counts = [1000] * (DAYS // 2) + [2000] * (DAYS // 2)
    rows = [usage(requests=count, uncached_input_tokens=1000 * count, **nothing) for count in counts]
    buckets = [bucket(FIRST + timedelta(day), row) for day, row in enumerate(rows)]
    (bot,) = measure(write(tmp_path, "usage.json", page(*buckets))).workloads
    assert bot.requests_per_month > 1900 * MONTH
    assert bot.list_usd_per_month == pytest.approx(bot.requests_per_month * 0.005)


def test_what_no_export_bills_has_no_discount(exports):
    with printed_on(Page(140)):
        text = measure_report(measure(exports))
    rows = re.findall(r"(?m)^2026-\d\d  claude.*$", text)
    assert rows
    assert {tuple(row.split()[-4:]) for row in rows} == {("-",) * 4}


def test_the_chain_ends_in_a_plan(exports):
    deal = measure(exports).deal()
    assert solve(deal).status == "optimal"


def test_small_workloads_are_put_into_one(tmp_path):
    rows = [usage(workspace_id="big", uncached_input_tokens=10_000_000)]
    rows += [usage(workspace_id=f"small-{number}", uncached_input_tokens=1000) for number in range(5)]
    found = measure(write(tmp_path, "u.json", daily(DAYS, *rows)))
    assert {work.name for work in found.workloads} == {"big", "other"}


def test_requests_that_are_not_counted_are_units(tmp_path):
    found = measure(write(tmp_path, "u.json", daily(DAYS, usage(uncached_input_tokens=7000))))
    (work,) = found.workloads
    assert not work.requests_are_known
    assert work.input_tokens == pytest.approx(10_000)
    assert work.requests_per_month == pytest.approx(8700 / 10_000 * MONTH)
    assert "units of 10,000 input tokens" in found.deal_text


def test_every_number_has_a_source(exports):
    found = measure(exports)
    assert set(found.deal().sources) == {f"workloads.{work.name}" for work in found.workloads}


HAND = """# Our deal
start: 2027-01
horizon_months: 12
workloads:
  night:      # the reports
    requests_per_month: 10k
    input_tokens: 5000
    output_tokens: 300
    batchable: 100%      # nobody waits
    quality: {floor: 0.9, scores: {opus: 0.97, sonnet: 0.93}}
  plan:
    requests_per_month: 1k
    input_tokens: 100
    output_tokens: 10
offers: {quote: {api: {bands: [{commit_usd_per_year: 1k, discount: 5%}]}}}
"""


def test_a_deal_file_is_updated_and_what_was_written_by_hand_stays(tmp_path, exports):
    found = measure(exports)
    update = updated(write(tmp_path, "deal.yaml", HAND), found)
    for kept in ("# Our deal", "# the reports", "# nobody waits", "scores: {opus: 0.97, sonnet: 0.93}", "discount: 5%"):
        assert kept in update.text
    assert update.not_measured == ("plan",)
    before = {each.field: (each.before, each.after) for each in update.changes}
    assert before["workloads.night.input_tokens"] == ("5000", "8000")
    assert before["workloads.bot-opus"] == ("", "new")
    deal = loads(update.text)
    assert deal.workloads["night"].requests_per_month.p50 == pytest.approx(500 * MONTH, rel=1e-3)
    assert deal.workloads["plan"].requests_per_month.p50 == 1000
    again = updated(write(tmp_path, "deal.yaml", update.text), found)
    assert (again.text, again.changes) == (update.text, ())


def test_what_is_no_deal_file_is_not_updated(tmp_path, exports):
    with pytest.raises(InputError, match="is no deal file in YAML"):
        updated(write(tmp_path, "deal.yaml", "- a list"), measure(exports))


def reconciliation(tmp_path, used, *charges):
    """Return the rows of one day's usage and charges."""
    files = [
        write(tmp_path, "u.json", page(bucket(FIRST, *used))),
        write(tmp_path, "c.json", page(bucket(FIRST, *charges))),
    ]
    return {row.model: row for row in measure(*files).reconciliation}


FRESH = usage(uncached_input_tokens=1_000_000, output_tokens=0, cache_read_input_tokens=0, cache_creation=None)
"""A million input tokens of Opus 5, 5 dollars at list."""


def test_a_deal_file_that_is_there_is_not_written_over(tmp_path, exports, capsys):
    """Offers may have been typed into it; --into keeps them."""
    deal = tmp_path / "deal.yaml"
    assert run(["measure", str(exports), "--out", str(deal)]) == 0
    deal.write_text(typed := deal.read_text(encoding="utf-8") + "# typed\n", encoding="utf-8")
    assert run(["measure", str(exports), "--out", str(deal)]) == 2
    assert deal.read_text(encoding="utf-8") == typed
    assert f"--out: {deal} is there; write --into {deal} to update it" in capsys.readouterr().err


def test_a_discount_is_named(tmp_path):
    """4.50 billed, 5.00 at list: 10 %."""
    row = reconciliation(tmp_path, [FRESH], cost("450", list_amount="500"))[OPUS]
    assert (row.list_usd, row.billed_usd, row.discount_usd) == (5.0, 4.5, 0.5)
    assert row.unexplained_usd == pytest.approx(0)
    assert row.realised_discount == pytest.approx(0.1)


def test_priority_usage_has_no_cost_row(tmp_path):
    row = reconciliation(tmp_path, [FRESH, FRESH | {"service_tier": "priority"}], cost("500"))[OPUS]
    assert (row.list_usd, row.not_billed_usd) == (10.0, 5.0)
    assert row.unexplained_usd == pytest.approx(0)


def test_credits_and_tools_are_rows_of_their_own(tmp_path):
    credit = cost("-200", model=None, cost_type=None, token_type=None)
    tool = cost("30", model=None, cost_type="code_execution", token_type=None)
    rows = reconciliation(tmp_path, [FRESH], cost("500"), credit, tool)
    assert (rows["-"].credits_usd, rows["-"].tools_usd) == (-2.0, 0.3)
    assert rows["-"].unexplained_usd == pytest.approx(0)
    assert rows[OPUS].unexplained_usd == pytest.approx(0)


def test_searches_are_held_against_their_charges(tmp_path):
    """Ten searches are ten cents."""
    searched = FRESH | {"server_tool_use": {"web_search_requests": 10}}
    rows = reconciliation(
        tmp_path, [searched], cost("500"), cost("10", model=None, cost_type="web_search", token_type=None)
    )
    assert rows["web search"].unexplained_usd == pytest.approx(0)


def test_what_no_cause_explains_is_shown(tmp_path):
    assert reconciliation(tmp_path, [FRESH], cost("700"))[OPUS].unexplained_usd == pytest.approx(2.0)


def test_history_is_priced_at_the_rate_of_its_day(tmp_path):
    """The list price is that of each day, so that one sum over a change of price is right."""
    from deal_solve import load_card

    changed = next(model for model in load_card().models if len(model.rates) > 1)
    before, after = changed.rates[-2], changed.rates[-1]
    day = after.effective_from
    row = FRESH | {"model": changed.id}
    file = write(tmp_path, "u.json", page(bucket(day - timedelta(1), row), bucket(day, row)))
    assert sum(each.list_usd for each in measure(file).reconciliation) == pytest.approx(
        before.input_usd_per_mtok + after.input_usd_per_mtok
    )


def test_writes_of_unknown_life_are_a_question(tmp_path):
    """A million written tokens: 6.25 USD as of 5 minutes, 10 of an hour."""
    written = FRESH | {"uncached_input_tokens": 0, "cache_creation_input_tokens": 1_000_000}
    found = measure(write(tmp_path, "u.json", page(bucket(FIRST, written))))
    (row,) = found.reconciliation
    assert (row.list_usd, row.write_life_usd) == (6.25, 3.75)


def test_seats_become_a_cohort(tmp_path, exports):
    rows = [
        {
            "starting_at": f"{FIRST + timedelta(day)}T00:00:00Z",
            "assigned_seat_count": 400,
            "weekly_active_user_count": 200 + day,
        }
        for day in range(30)
    ]
    found = measure(exports, write(tmp_path, "s.json", {"summaries": rows}))
    assert found.people.assigned == 400
    assert found.people.active_now == pytest.approx(229 / 400)
    assert found.deal().cohorts["people"].headcount == 400


def test_a_list_of_members_is_seats_assigned_and_no_cohort(tmp_path, exports):
    """Two people, one of whom is in the analytics too, by an id: two seats, of whose use nothing is known."""
    listed = "Name,Email,Role,Seat Tier\nA,a@example.com,User,Standard\nB,b@example.com,User,Standard\n"
    seen = {"data": [{"user": {"id": "user_1"}, "chat_metrics": {}}]}
    found = measure(exports, write(tmp_path, "m.csv", listed), write(tmp_path, "users.json", seen))
    assert (found.seats_assigned, found.people, found.deal().cohorts) == (2, None, {})
    assert "2 seats assigned, by the list of members" in " ".join(measure_report(found).split())


def test_charges_alone_are_no_workload(tmp_path):
    with pytest.raises(InputError, match="charges but no usage"):
        measure(write(tmp_path, "c.json", page(bucket(FIRST, cost("500")))))


def test_nothing_given_is_refused():
    with pytest.raises(InputError, match="no files are given"):
        measure()


def test_two_months_leave_the_prior_nine_tenths_of_the_weight():
    """Growth of 1.0 a year in 56 days, a prior of 0.3: the year to come is 0.3 and what is left of the difference."""
    days = np.arange(56)
    growth = growth_of(100 * np.exp(days / 365.25 * 1.0), PRODUCTS)
    assert 0.10 < growth.measured_weight < 0.13
    assert growth.measured == pytest.approx(np.expm1(1.0))
    lasting = (1 - 0.5) / np.log(2)  # of a year, with a half-life of one
    assert growth.p50 == pytest.approx(np.expm1(0.3 + growth.measured_weight * 0.7 * lasting))


def test_the_fan_is_as_wide_as_companies_were():
    """Deviations after 3, 6, 12 and 24 months without history; 0.30, 0.43, 0.64 and 0.94 were observed."""
    fan = fan_of(np.full(7, 100.0), PRODUCTS, np.array([3.0, 6.0, 12.0, 24.0]))
    assert fan.deviation == pytest.approx([0.30, 0.43, 0.64, 0.94], rel=0.13)


def test_more_history_weighs_more_and_narrows_the_band():
    short, long = (growth_of(np.full(days, 100.0), PRODUCTS) for days in (60, 365))
    assert long.measured_weight > 2 * short.measured_weight
    assert long.p90 - long.p10 < short.p90 - short.p10


def test_a_weekend_is_no_shrinking():
    """Usage halves on weekends and is flat: a window that ends on one has no slope."""
    days = np.arange(61)
    growth = growth_of(np.where((days + 4) % 7 > 4, 50.0, 100.0), PRODUCTS)
    assert growth.measured == pytest.approx(0, abs=1e-9)


def test_three_weeks_have_no_slope():
    growth = growth_of(np.full(21, 100.0), PRODUCTS)
    assert (growth.measured, growth.measured_weight) == (None, 0.0)
    assert growth.p50 == pytest.approx(np.expm1(0.3))


def backtested(shock, count):
    """Return the back-test by months ahead."""
    return {row.months: row for row in backtest(histories(shock, count=count))}


def test_four_fifths_of_what_comes_lie_in_the_band():
    """Histories of twice the declared width, which earlier misses tell; 60 are too few to tell the year."""
    found = backtested(0.3, 60)
    assert [0.76 <= found[months].coverage <= 0.84 for months in (3, 6)] == [True, True]
    assert all(found[months].pinball < 0.85 * found[months].extrapolation for months in (3, 6, 12))


@pytest.mark.slow
@pytest.mark.parametrize("shock", [0.145, 0.3])
def test_four_fifths_lie_in_the_band_at_every_horizon(shock):
    """Of the declared width, and of twice it."""
    found = backtested(shock, 400)
    assert [0.76 <= found[months].coverage <= 0.84 for months in (3, 6, 12)] == [True] * 3
    assert all(found[months].pinball < 0.85 * found[months].extrapolation for months in (3, 6, 12))


def test_little_history_widens_nothing():
    assert widening_of([np.full(100, 10.0)]) == 1.0


def test_a_forecast_goes_on_from_the_last_days(exports):
    found = forecast(measure(exports), 3)
    assert {row.workload for row in found.months} == {"bot-opus", "bot-haiku", "night"}
    assert [row.month for row in found.months if row.workload == "night"] == ["2026-11", "2026-12", "2027-01"]
    assert all(row.p10 < row.p50 < row.p90 for row in found.months)
    assert figure_of(found).axes


@pytest.mark.parametrize("seed", range(3))
def test_a_year_of_exports_comes_back_as_the_deal_it_was_made_of(tmp_path, seed):
    """300,000 requests a month growing by 40 % a year, weekends at half, noise of 10 %."""
    rng, pages = np.random.default_rng(seed), []
    for number in range(365):
        day = date(2025, 9, 1) + timedelta(number)
        weekday = 0.5 if day.weekday() > 4 else 1.2
        requests = int(300_000 / MONTH * weekday * 1.4 ** (number / 365.25) * rng.lognormal(0, 0.1))
        tokens = {"uncached_input_tokens": 3000 * requests, "output_tokens": 250 * requests, "cache_creation": None}
        row = usage(requests=requests, cache_read_input_tokens=0, model="claude-opus-4-5-20251101", **tokens)
        pages.append(bucket(day, row))
    (work,) = measure(write(tmp_path, "u.json", page(*pages))).workloads
    assert (work.input_tokens, work.output_tokens) == (3000, 250)
    assert work.requests_per_month == pytest.approx(300_000 * 1.4 ** (350 / 365.25), rel=0.06)
    assert work.growth.p10 < 0.4 < work.growth.p90
    assert work.growth.measured == pytest.approx(0.4, abs=0.06)


def test_what_people_use_is_their_cohorts_where_seats_are_known(tmp_path):
    """1,200 chat requests of one user in 30 days, beside a bot: one workload, and people who use something."""
    text = f'jane@example.com,u1,Chat,{OPUS},"1,200",1700,500,40.00,50.00,u1,1000,200,300,200,3,,'
    files = [
        write(tmp_path, "spend-report-1-2026-09-01-to-2026-09-30.csv", f"{SPEND_COLUMNS}\n{text}\n"),
        write(tmp_path, "u.json", daily(30, usage(workspace_id="bot"))),
    ]
    assert len(measure(*files, min_share=0).workloads) == 2
    seats = {"starting_at": "2026-09-30T00:00:00Z", "assigned_seat_count": 10, "weekly_active_user_count": 5}
    found = measure(*files, write(tmp_path, "s.json", {"summaries": [seats]}), min_share=0)
    assert [work.title for work in found.workloads] == [f"bot on {OPUS}"]
    assert found.people.requests_per_user_month == pytest.approx(1200 / 30 * MONTH)


def test_requests_are_known_where_all_of_them_are_counted(tmp_path):
    """Two workspaces put into one, of which one counts requests: units of 10,000 input tokens, 3,200 of each a day."""
    rows = [usage(workspace_id="a", requests=1), usage(workspace_id="b")]
    (work,) = measure(write(tmp_path, "u.json", daily(DAYS, *rows)), min_share=0.9).workloads
    assert not work.requests_are_known
    assert work.requests_per_month == pytest.approx(2 * 3200 / 10_000 * MONTH, rel=1e-3)
