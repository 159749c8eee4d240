"""The decision page: every example on 45 lines of 80 columns, in the words of a buyer."""

import json
import math
import os
import re
from types import SimpleNamespace

import pytest

from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.page import page
from deal_solve.analysis.solve.page.compare import _why
from deal_solve.analysis.solve.page.cost import KEPT, _by_group, _folded, cost_block
from deal_solve.analysis.solve.page.dates import dates_block
from deal_solve.analysis.solve.tables import TABLES
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.cli.main import run
from deal_solve.deal.load import loads
from deal_solve.deal.risk import Risk
from deal_solve.facts.years import years
from deal_solve.optimise.options import SolveOptions
from deal_solve.optimise.solve import solve
from deal_solve.report.text import Page, printed_on
from tests.support.deals import BY_QUARTER, by_table
from tests.support.paths import EXAMPLES, SCENARIOS
from tests.support.samples import in_every_run
from tests.support.solved import compared, solved

QUOTES = SCENARIOS / "three-quotes.yaml"

LARGE = {"regulated", "start-up"}
"""Examples that take seconds; their golden files hold their pages too."""


@pytest.fixture(scope="module", params=in_every_run((path.stem for path in EXAMPLES), slow=LARGE))
def found(request):
    return solved(request.param), compared(request.param)


@pytest.mark.parametrize("columns", [80, 140])
def test_an_example_is_decided_on_one_page(found, columns):
    solution, compared = found
    with printed_on(Page(columns)):
        lines = solution_report(subject_of(solution, compared)).splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= columns


def test_the_page_has_its_blocks_in_order(found):
    solution, compared = found
    text = solution_report(subject_of(solution, compared))
    parts = ["What to sign", "What it costs per", "Compared over", "How it can go wrong: worst tenth ", "Dates of the"]
    parts += ["Proof "]
    indices = [text.index(f"\n{part}") for part in parts]
    assert indices == sorted(indices)
    assert not re.search(r"dearer|objective|(?<!\w)loss(?!\w)", text)


def test_no_name_that_has_a_title_is_printed_by_its_id(found):
    """Ids are for paths; a reader of the page knows the titles."""
    solution, compared = found
    deal = solution.settlement.deal
    text = solution_report(subject_of(solution, compared))
    titled = [name for name, offer in deal.offers.items() if offer.title and offer.title != name]
    titled += [name for name, work in (*deal.workloads.items(), *deal.cohorts.items()) if work.title]
    titles = " ".join(
        part.title for part in (deal, *deal.offers.values(), *deal.workloads.values(), *deal.cohorts.values())
    )
    for name in titled:
        word = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
        assert re.search(word, titles, re.IGNORECASE) or not re.search(word, text), name


def test_the_runner_up_is_told_in_dollars_of_expectation_and_of_the_worst_tenth(found):
    """Its amounts are those of its own settled plan, and it is not better by what was minimised."""
    solution, compared = found
    other = compared.runner_up
    assert other.objective_usd >= solution.objective_usd - 1e-6 * abs(solution.objective_usd)
    text = " ".join(solution_report(subject_of(solution, compared)).split())
    more = other.expected_usd - float(solution.settlement.weights @ solution.settlement.cost)
    worst = other.worst_tenth_usd - compared.worst_tenth_usd
    signed = other.signed_usd - solution.settlement.signed_usd
    words = [f"{abs(usd):,.0f} {'more' if usd > 0 else 'less'}" for usd in (more, worst, signed)]
    tail = words[1] if (more > 0) != (worst > 0) else words[1].split()[0]
    assert f"costs {words[0]} in expectation, {tail} in the worst tenth" in text
    assert abs(signed) < 1 or f", {words[2]} signed" in text


def test_lines_of_the_year_add_up_to_its_total(found):
    """But for a dollar of rounding a line."""
    solution, compared = found
    with printed_on(Page(80)):
        text = solution_report(subject_of(solution, compared))
    rows = text.partition("What it costs per")[2].partition("\n\n")[0].splitlines()[2:]
    amounts = [[int(number.replace(",", "")) for number in re.split(r" {2,}", row)[1:]] for row in rows]
    total = next(index for index, row in enumerate(rows) if row.startswith(("total ", "total,")))
    for column, whole in enumerate(amounts[total]):
        assert sum(row[column] for row in amounts[:total]) == pytest.approx(whole, abs=total)


def test_show_prints_some_tables_full_all_and_an_unknown_one_is_proposed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = os.fspath(QUOTES)
    assert run(["solve", path]) == 0
    page = capsys.readouterr().out
    assert "Routing of requests" not in page
    assert run(["solve", path, "--show", "routing, agreements"]) == 0
    some = capsys.readouterr().out
    assert some.startswith(page)
    assert some.index("\nRouting of requests") < some.index("\nAPI agreements, seats from any offer")
    assert "Calendar (" not in some
    assert run(["solve", path, "--full"]) == 0
    every = capsys.readouterr().out
    assert all(part in every for part in some.removeprefix(page).split("\n\n"))
    assert "Calendar (" in every
    assert run(["solve", path, "--show", "ruoting"]) == 2
    assert "--show: there is no table 'ruoting'; did you mean 'routing'?" in capsys.readouterr().err
    assert run(["solve", path, "--show", "zzz"]) == 2
    assert f"expected some of {', '.join(TABLES)}" in capsys.readouterr().err


def test_a_fiscal_year_starts_where_it_is_said_to(capsys, monkeypatch):
    """400,000 prepaid in January 2027: all are paid in the fiscal year that ends in March, a quarter is its cost."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["solve", os.fspath(QUOTES), "--fiscal-year-start", "04"]) == 0
    out = capsys.readouterr().out
    assert "What it costs per fiscal year (USD, expected, not discounted)" in out
    assert re.search(r"^API commitment +100,000 +400,000 ", out, re.MULTILINE)
    assert re.search(r"^cash paid in the year +400,000 ", out, re.MULTILINE)
    assert run(["solve", os.fspath(QUOTES), "--fiscal-year-start", "13"]) == 2


@pytest.mark.parametrize("lines", [45, 20])
def test_a_line_that_is_large_in_some_year_is_not_folded(found, monkeypatch, lines):
    """What is a tenth of a year stands by itself, on 80 columns too; a page without room for it grows longer."""
    monkeypatch.setattr(page, "MAX_LINES", lines)
    solution, compared = found
    for columns in (80, 140):
        with printed_on(Page(columns)):
            text = solution_report(subject_of(solution, compared))
        lines = text.partition("What it costs per")[2].partition("\n\n")[0].splitlines()
        shown = {line.split("  ")[0] for line in lines}
        rows = _by_group(subject_of(solution), years(solution.settlement))
        totals = [sum(values) for values in zip(*(values for _, values in rows), strict=True)]
        large = {
            name for name, values in rows if any(usd >= 0.1 * every for usd, every in zip(values, totals, strict=True))
        }
        assert large <= shown


def page_of(text, rates="claude@2026-11-23"):
    """Return the page of a deal from 2027-01 on one line."""
    solution = solve(loads(f"start: 2027-01\nrates: {rates}\n{text}"))
    return " ".join(solution_report(subject_of(solution, comparisons(solution, SolveOptions()))).split())


def test_what_is_billed_monthly_is_no_invoice_of_the_year():
    """20 seats at 80 USD: 1,600 a month, 19,200 a year; a commitment of 240,000 in advance by quarter: 60,000."""
    page = page_of("""
horizon_months: 12
cohorts: {b: {headcount: 20, tracks: [team-premium]}}
offers: {q: {terms: [12], seats: {team-premium: {usd_per_user_month: 80, billing: monthly}}}}
""")
    assert "2027-01-01 first of 12 invoices of 1,600 (20 Claude Team, premium seats) 2027-01-31 first count" in page
    assert "invoices 19,200" not in page
    page = page_of(BY_QUARTER)
    assert (
        "2027-01-01 first of 4 invoices of 60,000 (API commitment) 2027-03-31 API usage above commitment: about 15,000"
        in page
    )


def test_seats_without_a_contract_are_named_and_no_heading_stands_alone():
    """20 people from October, by the month: nine months at the minimum of 2 seats at 125, three at 20."""
    page = page_of("""
horizon_months: 12
cohorts: {b: {headcount: 20, tracks: [team-premium], starts: 2027-10}}
""")
    assert "Seats Claude Team, premium seat: billed monthly at list, no contract Committed nothing" in page
    bills = "first of 12 monthly bills for Claude Team, premium seats without a contract"
    assert f"2027-01-01 {bills}: about 250 (9,750 in all)" in page


def test_why_few_seats_are_contracted_for_many_people_is_said():
    """5 of 100 at the start and 50 from July on: who comes later is charged from then on, so 5 are contracted."""
    seat = "seat: {usd_per_user_month: 20, covered_share: 1}"
    page = page_of(
        """
horizon_months: 12
cohorts: {b: {headcount: 100, active_share: 50%, ramp: {from_share: 10%, months: 6}, tracks: [seat]}}
offers: {q: {terms: [12], seats: {seat: {usd_per_user_month: 10}}}}
""",
        f"{{card: claude@2026-11-23, seats: {{{seat}}}}}",
    )
    assert "5 in year 1; 50 users expected by 2027-07: those above 5 cost no more by true-up" in page


GREEDY_BAND = """
horizon_months: 12
risk: {weight: 0.5, confidence: 0.6}
workloads: {bot: {requests_per_month: 250k, input_tokens: 100000, output_tokens: 0, models: [sonnet]}}
scenarios:
  low: {weight: 3, requests_per_month: {bot: 250k}}
  mid: {weight: 5, requests_per_month: {bot: 416666.6667}}
  high: {weight: 2, requests_per_month: {bot: 666666.6667}}
offers: {q: {terms: [12], api: {bands: [{commit_usd_per_year: 480k, discount: 20%},
  {commit_usd_per_year: 750k, discount: 35%}]}}}
"""
"""Usage of 600, 1,000 or 1,600 thousand at list; thousands are paid under the band from 480 at 20 %: 480, 880, 1,480
(880 expected; 120 below list always); from 750 at 35 %: 750, 750, 750 + (1,040 - 750) / 0.65 = 1,196 (839 expected;
150 above list where usage is low). Half of the worst 40 % of what is above list: -120, and -55."""


def test_where_the_runner_up_is_cheaper_in_expectation_the_page_says_with_which_risk_it_is_signed():
    cautious = page_of(GREEDY_BAND)
    assert "q, 12 months: 480,000 committed" in cautious
    assert (
        "band from 750,000 a year: costs 40,769 less in expectation, 283,846 in the worst tenth, 270,000 more signed, "
        "but 270,000 more where it is costliest against no commitment; with --risk neutral you would rather sign it"
    ) in cautious
    neutral = page_of(GREEDY_BAND.replace("{weight: 0.5, confidence: 0.6}", "neutral"))
    assert "q, 12 months: 750,000 committed" in neutral
    assert "you would rather" not in neutral


def test_what_no_scenario_escapes_is_named_for_what_it_is():
    """30,000 a month and a commitment of 240,000 at 20% off: 60,000 at list are above it, and no usage grows."""
    page = page_of(BY_QUARTER)
    assert "all of it signed now; plus API usage above commitment in any case: 60,000 What it costs" in page


def test_no_notice_is_told_where_a_table_decides():
    """The likeliest path leaves the agreement after a year; on others it is renewed."""
    page = page_of(by_table(36, 300_000, ", renewal: {uplift: 10%}, price_protection: locked"))
    rule = "the table of 2028-01 decides, by the usage of 2027-01 to 2027-12,"
    assert f"2027-07-01 {rule} whether the API agreement with q (ends 2027-12) is renewed" in page
    assert "give notice" not in page


def test_what_a_table_renews_on_the_likeliest_path_is_decided_by_the_table_too():
    """The likeliest path renews for 384,000; nobody has to start negotiating what a table decides."""
    page = page_of(by_table(24, 200_000))
    assert "the table of 2028-01 decides, by the usage of 2027-01 to 2027-12, what follows q (ends 2027-12)" in page
    assert "start negotiating what follows q (ends 2027-12)" not in page


def test_the_commitment_and_the_seats_are_never_folded_whatever_later_years_cost(found):
    """What is signed stands in the table of cost by itself; a year's largest lines do too."""
    solution, compared = found
    subject = subject_of(solution, compared)
    rows = _by_group(subject, years(solution.settlement))
    with printed_on(Page(80)):
        lines = [line.split("  ")[0] for line in cost_block(subject, 4)]
    assert {name for name, _ in rows} & {*KEPT} <= {*lines}
    first = max(rows, key=lambda row: abs(row[1][0]))[0]
    assert first in lines


def test_a_commitment_of_the_first_year_is_not_hidden_behind_the_usage_of_later_ones():
    """250,000 are signed for year 1 and nothing after it: a quarter of the usage of the later years, and a line."""
    rows = [
        ("API commitment", [250.0, 0.0, 0.0, 250.0]),
        ("API usage", [0.0, 350.0, 640.0, 990.0]),
        ("seats", [124.0, 120.0, 120.0, 364.0]),
        ("seats added (true-up)", [60.0, 73.0, 73.0, 206.0]),
        ("projects", [63.0, 0.0, 0.0, 63.0]),
    ]
    assert _folded(rows, 4) == [*rows[:3], ("other: seats added (true-up), projects", [123.0, 73.0, 73.0, 269.0])]


@pytest.mark.parametrize("columns", [80, 100, 140])
def test_what_is_added_up_in_one_line_is_named_in_the_room_there_is(found, columns):
    """The largest first, the others counted; every line of the bill is shown, named or counted."""
    solution, compared = found
    subject = subject_of(solution, compared)
    names = {name for name, _ in _by_group(subject, years(solution.settlement))}
    with printed_on(Page(columns)):
        lines = [line.split("  ")[0] for line in cost_block(subject, 3)]
        assert max(map(len, cost_block(subject, 3))) <= columns
    shown = names & set(lines)
    (other,) = [line for line in lines if line.startswith("other")] or [""]
    assert (other == "") == (shown == names)
    if other:
        *named, last = other.removeprefix("other: ").split(", ")
        counted = re.fullmatch(r"(\d+) (?:more|lines)", last)
        named += [] if counted else [last]
        assert {*named} <= names - shown
        assert named or columns == 80
        assert len(shown) + len(named) + (int(counted[1]) if counted else 0) == len(names)


def test_a_commitment_with_cents_is_signed_in_whole_dollars():
    """The best commitment of regulated has 233,112.90 a year: what is signed reaches it, and the page says so."""
    text = " ".join(solution_report(subject_of(solved("regulated"))).split())
    (term, *_) = solved("regulated").plan.api.terms
    cents = [round(usd, 2) for usd in term.commitment_usd]
    assert all(usd % 1 for usd in cents)
    assert f"24 months: {math.ceil(cents[0]):,} committed in each of years 1 to 2, rounded up (" in text


def test_a_date_is_told_even_where_there_is_room_for_one_line_only(found):
    """What is paid first, without what it is for; the rest is counted."""
    solution, compared = found
    for columns in (80, 100, 140):
        with printed_on(Page(columns)):
            text = solution_report(subject_of(solution, compared))
            (line, *_) = dates_block(subject_of(solution, compared), 2)
        assert re.search(
            r"\nDates of the (next 12 months|12 months from 2027-05)( \(\d+ more until .*\))?"
            r"\n\d{4}-\d\d-01    invoices [\d,]+",
            text,
        )
        assert line[7:].startswith("-01    invoices ")


def test_the_page_counts_what_check_asks(found, capsys):
    solution, compared = found
    deal = solution.settlement.deal
    assert run(["check", deal.file]) == 0
    asked = re.search(r"Is this meant\? \((\d+)\)", capsys.readouterr().out)
    with printed_on(Page(80)):
        text = solution_report(subject_of(solution, compared))
    said = re.search(r"^Is it meant\?  (\d+) questions? about the file: deal-solve check$", text, re.MULTILINE)
    assert bool(asked) == bool(said)
    assert asked is None or asked.group(1) == said.group(1)


def test_the_model_that_answers_is_named_where_no_quality_is_asked_for():
    """Every model may answer: the cheapest one does, and the page says which."""
    page = page_of("""
horizon_months: 12
workloads:
  bot: {title: Answers questions, spend_usd_per_month: 30000, input_tokens: 6000, output_tokens: 500,
    today: {model: opus}}
  night: {spend_usd_per_month: 3000, input_tokens: 6000, output_tokens: 500, today: {model: opus}, models: [opus]}
""")
    assert "Models haiku for Answers questions; opus for night" in page


def test_a_model_that_is_left_for_another_one_is_named_first():
    page = page_of("""
horizon_months: 12
workloads: {bot: {spend_usd_per_month: 30000, input_tokens: 6000, output_tokens: 500, today: {model: opus},
  models: [opus, sonnet], projects: {rerouting: {usd: 5000, ready_month: 3}}}}
""")
    assert "Models opus, then sonnet for bot" in page


def test_cash_and_cost_as_accrued_are_told_apart():
    """A year in advance from 2027-01, in fiscal years that begin in July: half of each payment is the next year's."""
    solution = solved("three-quotes")
    text = solution_report(subject_of(solution, fiscal_year_start=7))
    assert re.search(r"^total, as accrued +2", text, re.MULTILINE)
    assert re.search(r"^cash paid in the year +4", text, re.MULTILINE)
    assert "as accrued" not in solution_report(subject_of(solution))


def test_an_agreement_without_contracted_seats_is_signed_too(tmp_path, capsys):
    """Ten users are counted by true-up under q: without its signature they would pay list, and it ends in a year."""
    deal = {
        "start": "2027-01",
        "horizon_months": 12,
        "rates": {"card": "claude@2026-11-23", "seats": {"seat": {"usd_per_user_month": 20, "covered_share": 1}}},
        "cohorts": {"staff": {"headcount": 10, "active_share": 1, "tracks": ["seat"]}},
        "offers": {"q": {"terms": [12], "seats": {"seat": {"usd_per_user_month": 10, "initial_order": "free"}}}},
    }
    pins = {"seats": {"seat": {"offer": "q", "term_months": 12, "contracted": [0]}}}
    paths = [tmp_path / name for name in ("deal.json", "pins.json")]
    for path, data in zip(paths, (deal, pins), strict=True):
        path.write_text(json.dumps(data), encoding="utf-8")
    assert run(["solve", str(paths[0]), "--fix", str(paths[1])]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "seat (q, 12 months): none contracted, users are counted by true-up" in page
    assert "2028-01-01 q has ended" in page


def test_a_neutral_deal_is_not_told_to_be_neutral_for_a_plan_that_is_cheaper_by_less_than_the_gap():
    """The other plan is 0.22 cheaper, which rounds to another dollar: the same, and its tail does not count."""

    def plan(usd, tail):
        return SimpleNamespace(expected_usd=usd, worst_tenth_usd=tail, worst_tenth_above_usd=None, cheapest=None)

    total, deal = SimpleNamespace(expected_usd=1000.6), SimpleNamespace(risk=Risk())
    subject = SimpleNamespace(summary=SimpleNamespace(total=total), deal=deal, is_in_document=False)
    for usd, tail, words in ((1000.4, 1740, ", which does not count by expected cost alone"), (990, 1740, "")):
        assert _why(subject, plan(1000.6, 2000), plan(usd, tail)) == words
