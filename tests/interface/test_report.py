"""Reports as a finance department reads them: short, in cents, every amount with its period and its certainty."""

import csv
import dataclasses
import json
import math
import re
from decimal import Decimal

import pytest

from deal_solve import from_json
from deal_solve.analysis.settle.invoice import invoice_csv, invoice_table, paid_when
from deal_solve.analysis.settle.text import settlement_report
from deal_solve.analysis.solve.agreements import above
from deal_solve.analysis.solve.comparisons import comparisons
from deal_solve.analysis.solve.result import result_of, settlement_result_of
from deal_solve.analysis.solve.schema import Result, SettlementResult
from deal_solve.analysis.solve.tables import TABLES
from deal_solve.analysis.solve.text import solution_report, subject_of
from deal_solve.deal.rate_card import load_card
from deal_solve.facts.health import seat_health
from deal_solve.facts.notes import chronological_usd, order_note
from deal_solve.facts.summary import periods, summarise
from deal_solve.optimise.solution import CandidateAgreement, Size, Solution
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.plan import Plan, RenewalRow
from deal_solve.plan.proposal import Proposal
from deal_solve.record import adapter_of, to_text
from deal_solve.report.rates import rate, rates_report
from deal_solve.report.text import cents, labelled, money, percent, table
from deal_solve.settlement.limit_checks import limit_checks
from deal_solve.settlement.settle import settle
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.proposals import example


def solution_of(deal, offer="quote", status="optimal", baseline=True, **parts):
    """Return (scenarios, a solution) made of a completed proposal, with agreements around it."""
    scenarios = scenarios_of(deal)
    plan, _ = complete(deal, Proposal.model_validate({"api": {"offer": offer}, **parts}), scenarios)
    settlement = settle(deal, plan, scenarios)
    other, _ = complete(deal, Proposal(), scenarios)
    expected = float(settlement.weights @ settlement.cost)
    agreements = (
        CandidateAgreement(
            offer, plan.api.term_months, plan.api.terms[0].band_usd_per_year, "solved", expected, expected
        ),
        CandidateAgreement("list", 12, 0.0, "solved", expected * 1.03, expected * 1.02),
        CandidateAgreement("free", 24, 0.0, "pruned", None, expected * 1.01),
        CandidateAgreement("alone", 12, 0.0, "infeasible", None, math.inf),
    )
    return scenarios, Solution(
        method="decomposition",
        status=status,
        objective_usd=expected,
        bound_usd=expected if status == "optimal" else 0.9 * expected,
        gap=0.0 if status == "optimal" else 0.1,
        plan=plan,
        settlement=settlement,
        baseline=other if baseline else None,
        baseline_cost=settle(deal, other, scenarios).cost if baseline else None,
        agreements=agreements,
        solver="highs",
        size=Size(10, 20, 3, 40),
        build_seconds=0.1,
        solve_seconds=0.2,
        notes=("a remark",),
    )


DEAL = example()
FUTURES, SOLUTION = solution_of(DEAL, api={"offer": "quote", "term_months": 24, "commitment_usd": "100k"})


# --- rounding and small text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.125, "0.12"), (0.135, "0.14"), (2.5, "2.50"), (-0.004, "0.00"), (1e6, "1,000,000.00"), (-1234.5, "-1,234.50")],
)
def test_cents_are_rounded_half_even(amount, text):
    assert money(amount) == text


def test_large_amounts_keep_their_cents():
    assert cents(1e30) == Decimal("1e30")


def test_percent_has_no_negative_zero():
    assert [percent(value, 2) for value in (-1e-9, 0.5, 0.12345, 1)] == ["0%", "50%", "12.35%", "100%"]


def test_a_table_is_flush():
    assert table("T", ["name", "usd"], [["a", "1.00"], ["bcd", "10.00"]]).splitlines() == [
        "T",
        "name    usd",
        "----  -----",
        "a      1.00",
        "bcd   10.00",
    ]


# --- the decision page: tests/interface/test_decision_page.py ------------------------------------------------------


def whole_report(solution, *notes):
    subject = subject_of(solution, comparisons(solution, None))
    return solution_report(dataclasses.replace(subject, notes=(*subject.notes, *notes)), tuple(TABLES))


def test_nothing_beyond_p10_and_p90_from_few_branches():
    """Nine branches: no worst case, and no confidence above 0.9."""
    assert FUTURES.is_coarse
    summary = summarise(DEAL, SOLUTION.settlement, FUTURES)
    assert summary.worst_usd is None
    assert summary.confidence == 0.9


def test_an_explicit_list_has_its_worst_scenario():
    low, high = ("{weight: 3, requests_per_month: {bot: 1k}}", "{weight: 1, requests_per_month: {bot: 9M}}")
    deal = example(more=f"scenarios: {{low: {low}, high: {high}}}\n")
    scenarios, solution = solution_of(deal)
    summary = summarise(deal, solution.settlement, scenarios)
    assert summary.worst_usd == pytest.approx(solution.settlement.cost[1])
    assert summary.confidence == 0.95


# --- tables -------------------------------------------------------------------------------------------------------


def test_the_report_has_every_table():
    text = whole_report(SOLUTION, "drawn down as used")
    for title in (
        "API commitment per period (USD, expected; usage at contracted rates; runs out: month and chance)",
        "Seats per contract year",
        "Track of each cohort",
        "Routing of requests",
        "Cost by line over 36 months (USD, expected)",
        "Cost and cash per contract year (USD, not discounted)",
        "API agreements, seats from any offer (USD over 36 months; objective: expected cost)",
        "Notes\n- a remark\n- drawn down as used",
    ):
        assert title in text
    assert "\n\n\n" not in text
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_the_agreements_table_shows_bounds_where_nothing_was_solved():
    text = whole_report(SOLUTION)
    rows = [re.split("  +", line) for line in text.partition("API agreements, seats")[2].splitlines()[3:7]]
    assert [(row[0], row[3]) for row in rows] == [
        ("quote", "solved"),
        ("free", "ruled out"),
        ("list", "solved"),
        ("alone", "impossible"),
    ]
    assert [row[-1] for row in rows] == ["0%", "≥ 1%", "3%", "-"]
    assert rows[1][4].startswith("at least ")


def test_a_bound_that_is_not_above_the_objective_is_not_said_to_be_0_percent_higher():
    base = SOLUTION.objective_usd
    bounds = (base, base * 1.00001, base * 1.01)
    candidates = [CandidateAgreement("alone", 12, 0.0, "pruned", None, bound) for bound in bounds]
    assert [above(SOLUTION, each) for each in candidates] == ["not known", "not known", "≥ 1%"]
    assert above(SOLUTION, CandidateAgreement("alone", 12, 0.0, "solved", base, base)) == "0%"


def test_what_a_stopped_search_did_not_rule_out_is_called_so():
    """A bound of 0 under the plan's objective says nothing: no "-100% dearer"."""
    unknown = CandidateAgreement("alone", 12, 0.0, "limit", None, 0.0)
    stopped = dataclasses.replace(SOLUTION, status="limit", agreements=(SOLUTION.agreements[0], unknown))
    text = whole_report(stopped)
    row = next(line for line in text.splitlines() if re.match("alone +12", line))
    assert re.split("  +", row)[3:] == ["stopped", "at least 0.00", "not known"]


def test_epochs_that_are_routed_alike_stand_together():
    _scenarios, solution = solution_of(DEAL, routing={"bot": "haiku"})
    text = whole_report(solution)
    assert "bot                 2027-01 to 2027-04  sonnet" in text
    assert "                    2027-05 to 2029-12  haiku" in text
    assert "bot       rerouting  2027-05     20,000.00" in text


def test_the_lines_of_the_cost_add_up_to_the_total():
    summary = summarise(DEAL, SOLUTION.settlement, FUTURES)
    assert sum(summary.by_line.values()) == pytest.approx(summary.total.expected_usd)
    assert sum(year.expected_usd for year in summary.by_year) == pytest.approx(summary.paid.expected_usd)


def test_periods_and_seats_are_expectations():
    first, *_ = periods(SOLUTION.settlement)
    assert (first.start, first.end, first.commitment_usd) == (0, 12, 100_000)
    assert first.covered_usd + first.forfeited_usd == pytest.approx(100_000)
    assert 0 <= first.exhausted_probability <= 1
    row = seat_health(SOLUTION.settlement)[0]
    assert (row.seat_type, row.contract_year, row.contracted) == ("enterprise", 0, 119)
    assert row.expected_peak == pytest.approx(100 * 1.2 ** (11 / 12))


LIMITS = """\
limits:
  - {measure: expected, of: total, at_most: 9M}
  - {measure: worst, of: contract year 2, at_most: 1000}
  - {measure: cvar, confidence: 0.8, of: total, discounted: true, at_most: 9M}
  - {of: committed, measure: worst, at_most: 103680}
  - {probability_within: 70%, of: total, at_most: 800k}
"""


def test_limits_are_held_against_the_plan():
    """All of it costs less than 9M; the second year more than 1,000; seats are committed to the limit."""
    deal = example(more=LIMITS)
    _, solution = solution_of(deal)
    checks = limit_checks(deal, solution.settlement)
    assert [check.limit for check in checks] == [
        "expected: total",
        "worst: contract year 2",
        "cvar: total, discounted at 0.8",
        "committed",
        "70.0% sure: total",
    ]
    assert [check.is_kept for check in checks] == [True, False, True, True, True]
    assert checks[0].achieved_usd == pytest.approx(
        float(solution.settlement.weights @ solution.settlement.undiscounted)
    )
    assert checks[3].achieved_usd == pytest.approx((119 + 142 + 171) * 12 * 20)
    assert checks[4].achieved_usd is None
    assert checks[4].probability == pytest.approx(0.7)
    text = whole_report(solution)
    assert re.search(r"worst: contract year 2 +1,000.00 +[\d,.]+ +broken", text)
    assert re.search(r"70.0% sure: total +800,000.00 +70% +kept", text)


def test_a_probability_over_many_scenarios_shows_the_cvar_that_stands_in():
    listed = ", ".join(f"s{i}: {{weight: 1, requests_per_month: {{bot: {i}k}}}}" for i in range(201))
    limit = "limits: [{probability_within: 90%, of: total, at_most: 9M}]\n"
    deal = example(more=f"scenarios: {{{listed}}}\n{limit}")
    scenarios, solution = solution_of(deal)
    (check,) = limit_checks(deal, solution.settlement)
    assert check.achieved_usd > summarise(deal, solution.settlement, scenarios).total.p90_usd
    assert check.probability == pytest.approx(1)
    assert "90.0% sure: total (CVaR stands in)" in whole_report(solution)


# --- settlement and invoice ---------------------------------------------------------------------------------------


def test_a_settlement_says_what_was_assumed_before_it_counts():
    text = settlement_report(SOLUTION.settlement, ("Cohort x takes y.",), 4)
    assert text.index("Assumed\n- Cohort x takes y.") < text.index("API commitment per period")
    assert "Invoice in scenario 'usage P50 adoption P50' (probability 16%; USD, not discounted)" in text


def test_the_invoice_adds_up_per_year_and_in_all():
    invoice = SOLUTION.settlement.invoice(4)
    text = invoice_table(DEAL, SOLUTION.plan, invoice, "x", 1.0)
    amounts = [line.split()[-1].replace(",", "") for line in text.splitlines() if "total" in line]
    assert len(amounts) == DEAL.years + 1
    assert sum(map(Decimal, amounts[:-1])) == pytest.approx(Decimal(amounts[-1]), abs=Decimal("0.03"))
    assert float(amounts[-1]) == pytest.approx(SOLUTION.settlement.undiscounted[4], abs=0.005)


def test_the_invoice_as_csv_is_in_cents():
    rows = list(csv.DictReader(invoice_csv(DEAL, SOLUTION.settlement.invoice(4)).splitlines()))
    assert all(re.fullmatch(r"-?\d+\.\d\d", row["amount_usd"]) for row in rows)
    assert {row["contract_year"] for row in rows} == {"1", "2", "3"}
    seats = next(row for row in rows if row["line"] == "seats")
    assert (seats["period"], seats["item"], seats["quantity"]) == ("2027-01/2027-12", "enterprise", "1428.0")
    assert seats["paid_on"] == "2027-01-01"


def test_what_is_paid_at_the_end_of_a_month_is_dated_with_its_last_day():
    """In advance for 2027, at the end of January and of the year 2027, in advance for 2028, at the end of all."""
    times = ((0, "2027-12"), (1, "2027-01"), (12, "2027-12"), (12, "2028-12"), (36, "2029-12"))
    assert [paid_when(DEAL, month, last) for month, last in times] == [
        "2027-01-01",
        "2027-01-31",
        "2027-12-31",
        "2028-01-01",
        "2029-12-31",
    ]


# --- JSON ---------------------------------------------------------------------------------------------------------


def test_the_result_has_what_is_promised_and_reads_back():
    text = to_text(result_of(DEAL, FUTURES, SOLUTION))
    data = json.loads(text)
    assert data["schema"] == "deal-solve-result/1"
    assert {"status", "objective_usd", "bound_usd", "gap", "plan", "cost", "seed", "version"} <= set(data)
    assert Plan.model_validate(data["plan"]) == SOLUTION.plan
    assert to_text(from_json(text)) == text
    assert data["cost"]["total"]["expected_usd"] == pytest.approx(SOLUTION.objective_usd)
    assert data["agreements"][3]["bound_usd"] is None
    assert data["seats"][0]["contract_year"] == 1


def test_the_settlement_reads_back():
    text = to_text(settlement_result_of(DEAL, SOLUTION.settlement, ("a",), 4))
    again = from_json(text, SettlementResult)
    assert again.assumed == ("a",)
    assert sum(line.amount_usd for line in again.invoice) == pytest.approx(SOLUTION.settlement.undiscounted[4])
    assert again.scenario == "usage P50 adoption P50"


def test_numbers_that_are_not_finite_become_null():
    scenarios, solution = solution_of(DEAL)
    solution = dataclasses.replace(solution, bound_usd=-math.inf, gap=math.inf)
    data = json.loads(to_text(result_of(DEAL, scenarios, solution)))
    assert data["bound_usd"] is None
    assert data["gap"] is None


def test_every_field_of_a_result_is_described():
    schema = json.dumps(adapter_of(Result).json_schema(by_alias=True, mode="serialization"))
    own = {"RenewalRow": RenewalRow.model_json_schema()}  # it leaves a field out where nothing is decided
    for name, part in (json.loads(schema)["$defs"] | own).items():
        if name in ("Plan", "ApiAgreement", "ApiTerm", "SeatAgreement", "Route"):
            continue  # described with the plan
        for field, facts in part["properties"].items():
            assert facts.get("description"), f"{name}.{field}"


# --- the other order ----------------------------------------------------------------------------------------------


def test_the_other_order_of_drawdown_is_priced_and_said_if_it_matters():
    """Two models with different discounts and overage at list: opus, dearer to overrun, comes first in the year."""
    text = [
        ("{commit_usd_per_year: 100k, discount: 5%}", "{commit_usd_per_year: 100k, discount: {opus: 40%}}"),
        ("    today: {model: sonnet}\n", "    season_by_calendar_month: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]\n"),
    ]
    text.append(("rerouting: {usd: 20k, ready_month: 4}", "batch: {usd: 1}"))
    deal = example(replace=text)
    _, solution = solution_of(deal, api={"offer": "quote", "commitment_usd": "100k"}, routing={"bot": "opus"})
    as_used = chronological_usd(solution.settlement)
    expected = float(solution.settlement.weights @ solution.settlement.cost)
    assert as_used > expected * 1.001
    (note,) = order_note(solution.settlement, as_used)
    assert note.startswith("Drawn down in the order of use, not the costliest overage first, the plan costs ")
    assert order_note(solution.settlement, expected) == ()


# --- rates --------------------------------------------------------------------------------------------------------


def test_rates_show_as_many_digits_as_they_have():
    assert [rate(usd) for usd in (5, 0.125, 0.1, 18.75)] == ["5.00", "0.125", "0.10", "18.75"]


def test_the_card_in_print_has_long_prompts_and_sources():
    text = rates_report(load_card())
    assert "above 100,000 prompt tokens" in text
    assert re.search(r"claude-opus-5-5 .* 4\.00 +0\.20 +5\.00 +8\.00 +20\.00 +50%", text)
    assert "\nSources\nS1:  " in text


def test_labelled_text_wraps_under_its_label():
    lines = labelled("Cost", "word " * 40)
    assert lines[0].startswith("Cost    word")
    assert lines[1].startswith("        word")
