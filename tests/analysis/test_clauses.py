"""What clauses are worth: cases 1 and 4 of the deal model (model §9) by hand, cold solves of edited deals, laws."""

import contextlib
import csv

import numpy as np
import pytest

from deal_solve import Infeasible, InputError, clauses, from_json, loads, sample, scenarios_of, settle, solve, varied
from deal_solve.analysis.clauses.points import DiscountCurve
from deal_solve.analysis.clauses.result import ClausesResult
from deal_solve.analysis.clauses.steps import clause_steps, with_points
from deal_solve.analysis.clauses.text import clauses_report
from deal_solve.analysis.uncertainty.replicates import replicates
from deal_solve.cli.main import run
from deal_solve.deal.clauses.registry import CLAUSES
from tests.support.deals import SMALL
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read as read_data
from tests.support.hand_deals import (
    APP,
    CHANCES,
    DISCOUNT,
    RARE,
    YEAR,
    certainly,
    explicit,
    newsvendor,
    quote,
    read,
    two_years,
)
from tests.support.proposals import example
from tests.support.relaxations import lawful
from tests.support.samples import seeds

SUM = 0.02


def valued(deal, offer="quote", **asked):
    return clauses(deal, scenarios_of(deal), offer, **asked)


def row(found, clause):
    (each,) = [each for each in found.values if each.clause == clause]
    return each


def said(found):
    return {each.clause: each.finding for each in found.values}


def test_case_4_rollover_by_hand():
    """Rollover is worth 186 - 178 = 8. So are 6 points of discount, to 26 %.

    Up to 25 % it is best to cover 60, so p points are worth 1.2·p. From there on a second year's dollar is worth its
    price and 100 are covered: 2·100·(0.8 - p/100) + 30, which is 178 at p = 6.
    """
    found = valued(two_years())
    rollover = row(found, "unused commitment")
    assert (rollover.was, rollover.asked, rollover.finding) == ("forfeited", "rollover 100%", "")
    assert rollover.value_usd == pytest.approx(8 * YEAR, abs=0.02)
    assert rollover.expected_usd == pytest.approx(8 * YEAR, abs=0.02)
    assert rollover.points == pytest.approx(6, abs=0.05)
    assert {each.points: each.value_usd / YEAR for each in found.curve}[1.0] == pytest.approx(1.2, abs=0.001)
    assert (rollover.low_usd, rollover.high_usd) == (None, None)


def test_case_1_overage_by_hand():
    """At contracted rates usage costs 0.8·100 = 80, not 88, and 0.8·160 = 128 in the worst scenario, not 148.

    8 are 12 points: from 10 points on 100 are covered, (0.8 - p/100)·100 + 12 = 80 at p = 12.
    """
    found = valued(newsvendor(risk={"weight": 0, "confidence": 0.8}))
    overage = row(found, "overage")
    assert overage.value_usd == pytest.approx(8 * YEAR, abs=0.02)
    assert overage.tail_usd == pytest.approx(20 * YEAR, abs=0.05)
    assert overage.points == pytest.approx(12, abs=0.05)
    assert found.values[0] == overage
    assert said(found)["payment"] == "no effect"  # without cost of capital it is the same whenever it is paid
    assert said(found)["ramp"] == "no effect"  # one contract year has one shape
    assert said(found)["period"] == "at best"


def test_values_are_of_the_objective_and_the_reference_stays():
    """On loss and cautious, case 1: covering 60 gains 12 in every scenario, at contracted rates 0.2·D: 12, 20, 32.

    The tail of loss is 12 with both, so at weight 0.5 overage is worth half of its 8.
    """
    found = valued(newsvendor(risk={"weight": 0.5, "confidence": 0.7, "on": "loss"}))
    assert row(found, "overage").value_usd == pytest.approx(4 * YEAR, abs=0.02)


def test_an_offer_whose_api_part_is_not_signed_has_no_points_of_discount():
    """The quote at 20 % is signed, the other at 5 % only with 15 points more: none of these are worth a clause."""
    deal = certainly(100, quote=quote((500, DISCOUNT)), other=quote((500, 0.05)))
    found = clauses(deal, scenarios_of(deal), "other", pairs=0)
    assert found.base.plan.api.offer == "quote"
    assert not any(each.points for each in found.values)
    assert not [each for each in found.curve if each.points]
    text = " ".join(clauses_report(deal, found).split())
    assert "points" not in text.partition("Notes")[0]
    assert "other is no part of the best deal" in text


def test_the_list_is_in_the_order_of_the_amounts_on_the_page():
    """Of the objective two clauses may be worth more than of expected cost, which the decision page prints."""
    found = valued(newsvendor(risk={"weight": 0.5, "confidence": 0.7, "on": "loss"}))
    worth = [each.expected_usd for each in found.values if each.value_usd > 0]
    assert worth == sorted(worth, reverse=True)
    text = " ".join(clauses_report(found.about.deal, found).split())
    settled = found.base.settlement
    assert f"From {settled.mean(settled.cost):,.2f} expected" in text


def seat_deal(**part):
    """Return ten people at 15 a month from the quote, 20 at list."""
    staff = {"headcount": 10, "tracks": ["seat"]}
    offer = {"terms": [12], "seats": {"seat": {"usd_per_user_month": 15, **part}}}
    return read(cohorts={"staff": staff}, offers={"quote": offer}, scenarios={"only": {"weight": 1}})


def test_seat_minimum_by_hand_in_points_on_seats():
    """12 seats for 10 people cost 2 160; with a minimum of 6 it is 1 800. 360 of 2 160 are 16.67 points."""
    found = valued(seat_deal(minimum=12))
    minimum = row(found, "seat minimum")
    assert (minimum.was, minimum.asked) == ("12", "6")
    assert minimum.value_usd == pytest.approx(360)
    assert minimum.points == pytest.approx(16.667, abs=0.05)
    assert said(found)["reduction right"] == "no effect"
    assert "overage" not in said(found) and "one order form" not in said(found)


def test_discount_and_threshold_by_hand():
    """1,200 a year at list for certain. 20 % from 500 a year: 960 is committed; a point more makes it 948, 12 less.

    The same from 1,000: 1,000 is committed, 960 used, and a point more changes nothing; from 800 it is 960,
    40 less.
    """
    found = valued(certainly(100, quote=quote((500, DISCOUNT))))
    asked = row(found, "discount")
    assert (asked.was, asked.asked, asked.value_usd) == ("20%", "21%", pytest.approx(12, abs=0.02))
    assert asked.points == pytest.approx(1, abs=0.01)
    assert said(found)["threshold"] == "no effect"
    found = valued(certainly(100, quote=quote((1000, DISCOUNT))))
    asked = row(found, "threshold")
    assert (asked.was, asked.asked) == ("from 1,000", "from 800")
    assert asked.value_usd == pytest.approx(40, abs=0.02)
    assert said(found)["discount"] == "no effect"


def test_a_discount_by_model_gains_a_point_on_every_model():
    """None on Haiku and 98 % on Opus: 1 % and 99 %; at 99 % nothing is left to ask for."""
    deal = certainly(100, quote=quote((500, {"opus": 0.98, "haiku": 0})))
    steps = {step.clause: step for step in clause_steps(deal, "quote")}
    assert (steps["discount"].was, steps["discount"].requested) == (
        "98% opus/0% haiku",
        "99% opus/1% haiku/1% others",
    )
    again = {step.clause: step for step in clause_steps(steps["discount"].deal, "quote")}
    assert again["discount"].deal is None


def test_a_hundredth_off_the_seat_price_by_hand():
    """10 seats for a year at 20 USD are 2,400; at 19.80 they are 2,376."""
    offer = {"terms": [12], "seats": {"seat": {"usd_per_user_month": 20}}}
    staff = {"headcount": 10, "tracks": ["seat"]}
    found = valued(read(cohorts={"staff": staff}, offers={"quote": offer}))
    asked = row(found, "seat price")
    assert (asked.was, asked.asked, asked.value_usd) == ("20 a month", "19.8 a month", pytest.approx(24, abs=0.02))


def test_one_paper_instead_of_two_by_hand():
    """1 000 a month at 10 % and 10 seats at 20: 10 800 + 2 400. As one paper both are 5 % less: 660."""
    offer = {**quote((1, 0.1)), "seats": {"seat": {}}}
    offer["bundle"] = [{"combined_usd_per_year": 10_000, "seats": 0.05, "api": 0.05}]
    staff = {"headcount": 10, "tracks": ["seat"]}
    sections = {"workloads": {"app": APP}, "cohorts": {"staff": staff}, "scenarios": explicit({"only": 1000})}
    found = valued(read(offers={"quote": offer}, **sections), pairs=0)
    one = row(found, "one order form")
    assert (one.finding, one.was, one.asked) == ("already granted", "two order forms", "one order form")
    assert one.value_usd == pytest.approx(660, abs=0.02)
    assert row(found, "bundle").finding == "no effect"


def test_a_step_that_moves_payments_the_wrong_way_is_dearer_and_worth_nothing():
    """At 50 % a year it is better to owe overage until the period's end than to be billed every month."""
    deal = read(
        workloads={"app": APP},
        offers={"quote": quote((12, DISCOUNT), overage="contracted")},
        scenarios=explicit({"only": 100}),
        cost_of_capital_per_year=0.5,
    )
    payment = row(valued(deal), "payment")
    assert (payment.finding, payment.value_usd, payment.points) == ("costs more", 0, None)


EDITS = {
    "ramp": {"ramp": "free"},
    "unused commitment": {"unused": {"rollover": 1}},
    "overage": {"overage": "contracted"},
    "payment": {"payment": "arrears"},
    "price protection": {"price_protection": "pass_through"},
    "reduction right": {"seats": 0.35},
    "seat minimum": {"seats": 25},
    "true-up ratchet": {"seats": "none"},
    "term": {"terms": [12, 24]},
}
PATHS = {
    "reduction right": "offers.quote.seats.enterprise.reduction_right",
    "seat minimum": "offers.quote.seats.enterprise.minimum",
    "true-up ratchet": "offers.quote.seats.enterprise.true_up.ratchet",
}


def edited(deal, clause):
    """Return the deal with a clause of its quote edited by path, as in the file."""
    ((key, value),) = EDITS[clause].items()
    part = "" if key in ("terms", "price_protection") else "api."
    return varied(deal, {PATHS.get(clause, f"offers.quote.{part}{key}"): value})


def all_clauses():
    """Return a deal with a quote on which nearly every clause can be asked for."""
    first = "  quote:\n    title: First quote\n    terms: [12, 24]\n"
    return example(replace=[(first, first.replace("[12, 24]", "[24]"))], more="cost_of_capital_per_year: 10%\n")


def test_every_value_is_that_of_a_cold_solve_of_the_edited_deal():
    deal = all_clauses()
    found = valued(deal, pairs=0, also=[("ramp", "unused commitment")])
    base = solve(deal).objective_usd
    for clause in EDITS:
        cold = base - solve(edited(deal, clause)).objective_usd
        assert row(found, clause).value_usd == pytest.approx(max(cold, 0), abs=2e-6 * base), clause
    (pair,) = found.pairs
    both = base - solve(edited(edited(deal, "ramp"), "unused commitment")).objective_usd
    assert pair.both_usd == pytest.approx(both, abs=2e-6 * base)
    parts = row(found, "ramp").value_usd + row(found, "unused commitment").value_usd
    assert pair.both_usd == pytest.approx(parts + pair.extra_usd, abs=SUM)
    worth = [each.expected_usd for each in found.values if each.value_usd > 0]
    assert worth == sorted(worth, reverse=True)
    for each in found.values:
        if each.points:
            again = base - solve(with_points(deal, "quote", each.points)).objective_usd
            assert again == pytest.approx(each.value_usd, rel=0.02, abs=2e-5 * base), each.clause


def test_rollover_and_ramp_are_substitutes_in_case_4():
    """Paths (60 or 100, then 100 or 160). A free ramp covers 60, then 100: 48 + 80 + 0.5·40 + 0.5·60 = 178, as rollover
    does. Both together are the cold solve of both, worth less than 8 + 8.
    """
    found = valued(two_years(), pairs=0, also=[("unused commitment", "ramp")])
    (pair,) = found.pairs
    assert row(found, "ramp").value_usd == pytest.approx(8 * YEAR, abs=0.02)
    cold = solve(two_years()).objective_usd - solve(two_years(unused={"rollover": 1}, ramp="free")).objective_usd
    assert pair.both_usd == pytest.approx(cold, abs=0.02)
    assert (pair.finding, pair.extra_usd < 0) == ("substitutes", True)


@pytest.mark.parametrize("number", seeds(4, 10))
def test_the_laws_hold_on_generated_deals(number, monkeypatch):
    """No value is negative, and what is called a law is never dearer."""
    monkeypatch.setattr(DiscountCurve, "questions", lambda *_: [])
    found = None
    rng = np.random.default_rng([11, number])
    while found is None:
        deal = read_data(lawful(drawn_deal(RandomDraw(rng), tiny=True)))
        with contextlib.suppress(Infeasible):
            found = valued(deal, next(iter(deal.offers)), pairs=2)
    assert all(each.value_usd >= 0 for each in found.values)
    dearer = {each.clause for each in found.values if each.finding == "costs more"}
    assert dearer <= {clause.name for clause in CLAUSES if not clause.is_law}
    for pair in found.pairs:
        parts = row(found, pair.first).value_usd + row(found, pair.second).value_usd
        assert pair.extra_usd == pytest.approx(pair.both_usd - parts, abs=SUM)


def test_intervals_are_of_the_two_plans_on_the_same_fresh_futures():
    """Mean ± 2.131·s/4 of sixteen paired differences, settled one by one."""
    deal = varied(loads(SMALL), {"scenarios": {}, "workloads.app.requests_per_month": "900k ± 40%"})
    drawn = sample(deal, 256).in_memory()
    found = clauses(deal, drawn, "quote", pairs=0)
    overage = row(found, "overage")
    better = next(step.deal for step in clause_steps(deal, "quote") if step.clause == "overage")
    sets = replicates(found.base).sets
    mean = [settle(deal, found.base.plan, each) for each in sets]
    other = [settle(better, overage.plan, each) for each in sets]
    apart = np.array([a.mean(a.cost) - b.mean(b.cost) for a, b in zip(mean, other, strict=True)])
    half = 2.1314 * apart.std(ddof=1) / 4
    assert (overage.low_usd, overage.high_usd) == pytest.approx((apart.mean() - half, apart.mean() + half), rel=1e-4)
    assert row(found, "payment").low_usd is None


def test_an_offer_that_is_not_signed_says_so():
    offers = {"quote": quote((0.01, DISCOUNT)), "poor": quote((0.01, 0.01))}
    deal = read(workloads={"app": APP}, offers=offers, scenarios=explicit(RARE, CHANCES))
    found = valued(deal, "poor", pairs=0)
    assert "poor is no part of the best deal: a step counts only as far as it makes it one" in found.notes
    signed = valued(deal, None, pairs=0)
    assert signed.offer == "quote"
    valued_too = "quote is signed too: deal-solve clauses FILE --offer quote values its clauses"
    assert valued_too in found.notes
    assert valued_too not in signed.notes
    assert found.to_frame()["clause"].tolist() == [each.clause for each in found.values]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"offer": "qoute"}, "--offer: there is no offer 'qoute'; did you mean 'quote'?"),
        ({"also": [("rump", "overage")]}, "--pair: 'rump' is no clause of 'quote' with a step to ask for"),
    ],
)
def test_what_is_not_there_is_refused(asked, message):
    with pytest.raises(InputError, match=None) as caught:
        valued(newsvendor(), **asked)
    assert str(caught.value).startswith(message)


def test_regret_and_list_are_refused():
    with pytest.raises(InputError, match="regret compares with the best of each scenario"):
        valued(newsvendor(risk={"criterion": "regret"}))
    with pytest.raises(InputError, match="nothing but list is on the table"):
        valued(read(workloads={"app": APP}, scenarios=explicit({"only": 60})), None)


# The command


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


def test_the_command_prints_draws_and_writes(capsys, tmp_path):
    deal, picture, table, data = (tmp_path / name for name in ("deal.yaml", "c.svg", "c.csv", "c.json"))
    deal.write_text(SMALL)
    asked = ["clauses", str(deal), "--pair", "overage, payment"]
    code, out, err = called(capsys, *asked, "--picture", str(picture), "--out", str(table))
    assert (code, err) == (0, "")
    assert "Offer   quote: one step towards the buyer per clause" in out
    assert "Nothing better to negotiate: period (year)" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert rows[0]["clause"] == "overage" and ">overage: list → contracted<" in picture.read_text()
    assert called(capsys, *asked, "--out", str(data))[:2] == (0, out)
    result = from_json(data.read_text(), ClausesResult)
    assert [each.value_usd for each in result.values] == [float(each["value_usd"]) for each in rows]
    leading = [("overage", "discount"), ("overage", "credit"), ("discount", "credit")]
    assert [(pair.first, pair.second) for pair in result.pairs] == [("overage", "payment"), *leading]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--pair", "overage"], "--pair: 'overage' is no pair; expected two clauses with a comma between them"),
        (["--offer", "list"], "--offer: there is no offer 'list'"),
        (["--picture", "c.pdf"], "--picture: 'c.pdf' does not end in .svg or .png"),
    ],
)
def test_mistakes_are_one_sentence(capsys, tmp_path, args, message):
    deal = tmp_path / "deal.yaml"
    deal.write_text(SMALL)
    code, out, err = called(capsys, "clauses", str(deal), *args)
    assert (code, out) == (2, "")
    assert err.startswith(message) and err.count("\n") == 1
