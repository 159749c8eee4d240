"""A proposal against the best deal: every step by hand, and the laws of the split on deals of all kinds."""

import contextlib
import csv
import json
from pathlib import Path

import numpy as np
import pytest

from deal_solve import (
    Infeasible,
    InputError,
    LimitReached,
    Proposal,
    complete,
    from_json,
    load,
    review,
    scenarios_of,
    solve,
)
from deal_solve.analysis.review import review as module
from deal_solve.analysis.review.result import ReviewResult
from deal_solve.cli.main import run
from deal_solve.deal.risk import Risk
from deal_solve.report.basics import NOT_IN_TIME
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
)
from tests.support.paths import SCENARIOS
from tests.support.plans import neighbours
from tests.support.samples import in_every_run, seeds

SUM = 0.02


def reviewed(deal, proposal, **options):
    scenarios = scenarios_of(deal)
    plan, _ = complete(deal, Proposal.model_validate(proposal), scenarios)
    return review(deal, plan, scenarios, **options)


def lawful(found):
    """Check what holds of every review: no step frees to a dearer deal, and the parts are the whole, three times."""
    steps = list(found.steps)
    known = [step for step in steps if step.finding != NOT_IN_TIME]
    assert all(step.saved_usd >= 0 for step in known if step.step != "limits")
    assert all(step.saved_usd <= 0 for step in known if step.step == "limits")
    assert sum(step.saved_usd for step in known) == pytest.approx(found.loss_usd, abs=SUM)
    assert found.lines.objective_usd == pytest.approx(found.loss_usd, abs=SUM)
    assert sum(row.difference_usd for row in found.lines.lines) == pytest.approx(found.lines.expected_usd, abs=SUM)
    assert steps[0].expected_usd - steps[-1].expected_usd == pytest.approx(found.lines.expected_usd, abs=SUM)
    assert steps[0].plan == found.proposed.plan and steps[-1].plan == found.best.plan
    assert steps[-1].objective_usd == pytest.approx(found.best.objective_usd, rel=2e-6)
    offer = next(step for step in steps if step.step == "offer and term")
    if found.offer_lines is None:
        assert any(step.finding == NOT_IN_TIME for step in steps)
    else:
        assert found.offer_lines.objective_usd == pytest.approx(offer.saved_usd, abs=SUM)
    return found


def said(found):
    """Return what each step says and saves, in units of the deal model's text."""
    return {step.step: (step.finding, round(step.saved_usd / YEAR, 6)) for step in lawful(found).steps}


def test_case_1_a_commitment_too_high_by_hand():
    """Covering 100 costs 80, 80, 140 in the three scenarios, 92 expected; covering 60 costs 48, 88, 148, so 88.

    It is 4 above, all of it by the amount, and yet cheaper in the two scenarios of usage 100 and 160: 0.7.
    """
    found = reviewed(newsvendor(), {"api": {"offer": "quote", "commitment_usd": 80 * YEAR}})
    same = ("no loss", 0)
    wanted = {"the proposal": ("", 0), "routing and projects": same, "commitment": ("too high", 4), "band": same}
    assert said(found) == {**wanted, "offer and term": same}
    assert found.loss_usd == pytest.approx(4 * YEAR)
    assert found.beats_probability == pytest.approx(0.7)
    assert found.to_frame()["saved_usd"].tolist() == [step.saved_usd for step in found.steps]


def test_what_would_have_to_be_true_in_case_1_by_hand():
    """With requests k times as many the proposal costs 80 + E(160k or less - 100), the best deal 48 + E(… - 60).

    They are the same where the usage between 60 and 100 is 32 in expectation: 0.7·40 + 0.3·(60k - 60) = 32 at k = 11/9.
    With less usage there is less between them.
    """
    found = reviewed(newsvendor(), {"api": {"offer": "quote", "commitment_usd": 80 * YEAR}})
    row = next(row for row in found.breakevens if row.driver == "requests of all workloads")
    assert (row.unit, row.today, row.below) == ("times", 1, None)
    assert row.above == pytest.approx(11 / 9, abs=2e-4)
    drivers = [row.driver for row in found.breakevens]
    assert drivers == ["requests of all workloads", "growth of their requests", "list prices of models"]


def test_the_best_deal_itself_loses_nothing():
    deal = newsvendor()
    best = solve(deal)
    found = lawful(review(deal, best.plan, scenarios_of(deal), best))
    assert found.loss_usd == pytest.approx(0, abs=0.01)
    assert {step.finding for step in found.steps} == {"", "no loss"}
    assert found.beats_probability == 0
    assert not found.changes
    assert not found.breakevens


def test_case_5_a_band_too_high_and_a_paper_too_dear_by_hand():
    """Usage 400 000 at list. 18 % from 410 000 costs 410 000; in its offer 12 % from 352 000 costs 352 000; the other
    offer gives 15 % from 300 000: 340 000. 58 000 are the band's, 12 000 the offer's, which are its rates.
    """
    usage = 400_000 / YEAR
    bands = ((352_000, 0.12), (382_500, 0.15), (410_000, 0.18))
    deal = certainly(usage, own=quote(*bands), other=quote((300_000, 0.15), overage="contracted"))
    found = lawful(reviewed(deal, {"api": {"offer": "own", "commitment_usd": 410_000}}))
    saved = {step.step: (step.finding, round(step.saved_usd, 2)) for step in found.steps if step.saved_usd}
    assert saved == {"band": ("too high", 58_000), "offer and term": ("other API agreement", 12_000)}
    assert found.offer_lines.of("rate") == pytest.approx(12_000)
    assert found.lines.of("forfeiture") == pytest.approx(410_000 - 0.82 * 400_000)


def test_overage_of_a_poor_paper_stands_in_the_step_to_other_papers():
    """Both give 20 %; one asks list for overage, the other the contracted rate. Covering 60: 48 + 40 against 80."""
    own, other = quote((0.01, DISCOUNT)), quote((0.01, DISCOUNT), overage="contracted")
    offers = {"own": own, "other": other}
    deal = read(workloads={"app": APP}, offers=offers, scenarios=explicit(RARE, CHANCES))
    found = lawful(reviewed(deal, {"api": {"offer": "own", "commitment_usd": 48 * YEAR}}))
    assert found.offer_lines.of("overage") == pytest.approx(8 * YEAR)
    assert said(found)["offer and term"] == ("other API agreement", 8)


def test_seats_and_tracks_by_hand():
    """20 a month for 10 people, none of them worth it: unserved they cost 7 each.

    20 seats contracted: 4 800 a year; 10 of them are too many: 2 400; to leave all unserved costs 840, so 1 560 more.
    """
    staff = {"headcount": 10, "tracks": ["seat", "none"], "unserved_usd_per_user_month": 7}
    offer = {"terms": [12], "seats": {"seat": {}}}
    deal = read(cohorts={"staff": staff}, offers={"quote": offer}, scenarios={"only": {"weight": 1}})
    found = lawful(
        reviewed(deal, {"seats": {"seat": {"offer": "quote", "contracted": 20}}, "tracks": {"staff": "seat"}})
    )
    saved = {step.step: (step.finding, round(step.saved_usd, 2)) for step in found.steps if step.saved_usd}
    assert saved == {"seats": ("too many", 2400), "tracks": ("not optimised", 1560)}


def test_a_broken_limit_may_make_a_proposal_cheaper_than_the_best_deal():
    """At most 32 committed, covering 40: 32 + 0.3·20 + 0.5·60 + 0.2·120 = 92. Covering 60 costs 88 and breaks it."""
    limit = {"measure": "expected", "of": "committed", "at_most": 32 * YEAR}
    deal = newsvendor().model_copy(update={"limits": read_limits(limit)})
    found = reviewed(deal, {"api": {"offer": "quote", "commitment_usd": 48 * YEAR}})
    assert said(found)["limits"] == ("broken", -4)
    assert found.loss_usd == pytest.approx(-4 * YEAR)
    assert [check.is_kept for check in found.limits] == [False]


def read_limits(limit):
    return read(workloads={"app": APP}, scenarios=explicit({"only": 1}), limits=[limit]).limits


@pytest.mark.parametrize("name", in_every_run(["three-quotes", "start-up"], slow={"start-up"}))
def test_every_level_is_a_cold_solve_with_the_rest_pinned(name):
    """Against `solve`, each with the pins of the steps before it taken out of the proposal by hand.

    All losses are measured against what the best deal is measured against, without the pins of the level.
    """

    def least(proposal):
        return solve(deal, fix=Proposal.model_validate(proposal), baseline=baseline).objective_usd

    deal = load(SCENARIOS / f"{name}.yaml")
    offer = {"three-quotes": "twelve", "start-up": "credits"}[name]
    baseline = solve(deal).baseline
    found = lawful(reviewed(deal, {"api": {"offer": offer, "commitment_usd": 200_000}}))
    whole = found.proposed.plan.model_dump(mode="json", exclude={"routing", "use", "projects"})
    levels = {step.step: step.objective_usd for step in found.steps}
    assert least(whole) == pytest.approx(levels["routing and projects"], rel=2e-6)
    api = {key: whole["api"][key] for key in ("offer", "term_months")}
    bands = [term["band_usd_per_year"] for term in whole["api"]["terms"]]
    whole["api"] = {**api, "band_usd_per_year": bands, "at_list": False}
    assert least(whole) == pytest.approx(levels["commitment"], rel=2e-6)
    whole["api"] = api
    assert least(whole) == pytest.approx(levels["band"], rel=2e-6)
    for part in whole["seats"].values():
        part.pop("contracted")
    assert least(whole) == pytest.approx(levels.get("seats", levels["band"]), rel=2e-6)
    whole.pop("tracks")
    assert least(whole) == pytest.approx(levels.get("tracks", levels["band"]), rel=2e-6)
    assert least({}) == pytest.approx(levels["offer and term"], rel=2e-6)


@pytest.mark.parametrize("number", seeds(3, 12))
def test_the_laws_hold_on_generated_deals(number):
    """The plan to sign for a neutral buyer without limits, and plans next to it, against the best of all."""
    deal, best = solvable(np.random.default_rng([5, number]))
    plain = deal.model_copy(update={"limits": (), "risk": Risk(), "renewal_decisions": None})
    own = solve(plain).plan
    for plan in (own, *neighbours(plain, own, scenarios_of(plain), most=3, seed=number)):
        lawful(review(deal, plan, scenarios_of(deal), best))


def solvable(rng):
    """Return the first generated deal that has a plan, and its solution."""
    while True:
        deal = read_data(drawn_deal(RandomDraw(rng), tiny=True))
        with contextlib.suppress(Infeasible):
            return deal, solve(deal)


def test_a_step_that_time_cuts_short_is_said_and_costs_no_law(monkeypatch):
    deal = newsvendor()
    best = solve(deal)

    def stopped(*_, **__):
        raise LimitReached("time is up")

    monkeypatch.setattr(module, "solve", stopped)
    plan, _ = complete(deal, Proposal.model_validate({"api": {"offer": "quote"}}), scenarios_of(deal))
    found = lawful(review(deal, plan, scenarios_of(deal), best))
    assert not found.is_proven
    assert "commitment: the time limit passed before it was solved; what it saves is in a later step" in found.notes


def test_an_impossible_plan_is_refused_by_its_clause():
    deal = newsvendor()
    plan = solve(deal).plan
    wrong = plan.model_copy(update={"routing": {}})
    with pytest.raises(InputError):
        review(deal, wrong, scenarios_of(deal))


# The command


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


@pytest.fixture
def files(tmp_path):
    deal, proposal = tmp_path / "deal.yaml", tmp_path / "proposal.yaml"
    deal.write_text(SMALL)
    proposal.write_text("api:\n  offer: quote\n  commitment_usd: 100k\n")
    return str(deal), str(proposal)


def test_the_command_prints_draws_and_writes(capsys, tmp_path, files):
    picture, table, data = (tmp_path / name for name in ("r.svg", "r.csv", "r.json"))
    asked = ["review", files[0], "--plan", files[1]]
    code, out, err = called(capsys, *asked, "--picture", str(picture), "--out", str(table))
    assert (code, err) == (0, "")
    assert "Plan    API agreement quote, 12 months: 100,000 USD committed" in out
    assert "commitment            too high" in out and "Beats   the best deal in 0% of scenarios" in out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert ">commitment: too high<" in picture.read_text()
    assert called(capsys, *asked, "--out", str(data))[:2] == (0, out)
    result = from_json(data.read_text(), ReviewResult)
    assert [step.saved_usd for step in result.steps] == [float(row["saved_usd"]) for row in rows]
    assert result.loss_usd == pytest.approx(sum(step.saved_usd for step in result.steps))


def test_the_best_deal_and_the_tail_of_loss_are_said(capsys, tmp_path, files):
    """Under `balanced` the objective weighs loss, the tail in print is that of cost; a neutral buyer has neither."""
    said = "the objective weighs that of the largest losses instead"
    solved = tmp_path / "best.json"
    for risk in ("balanced", "neutral"):
        called(capsys, "solve", files[0], "--risk", risk, "--json", str(solved))
        _, out, _ = called(capsys, "review", files[0], "--plan", str(solved), "--risk", risk)
        assert "Loss    none: it is the best deal by objective" in out and "Beats" not in out
        assert (said in " ".join(out.split())) == (risk == "balanced")


@pytest.mark.parametrize(("asked", "engineering"), [((), 0), (("--routing", "today"), 12)])
def test_an_order_form_is_reviewed_apart_from_the_engineering(capsys, tmp_path, asked, engineering):
    """12 requests a year at 1 USD on sonnet, at 2 on opus, which runs today: the form says nothing of it.

    Routed at its best the form costs 12 and nothing is lost; as today 24, 12 more, all of it by routing.
    """
    dollar, two = ({"input_usd_per_mtok": usd * 1_000_000, "output_usd_per_mtok": 0} for usd in (1, 2))
    app = {"requests_per_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus", "sonnet"]}
    rates = {"card": "claude@2026-11-23", "models": {"claude-opus-5-5": two, "claude-sonnet-5-5": dollar}}
    data = {"start": "2027-01", "horizon_months": 12, "rates": rates, "workloads": {"app": app}}
    data["workloads"]["app"]["today"] = {"model": "claude-opus-5-5"}
    deal, form = tmp_path / "deal.yaml", tmp_path / "form.yaml"
    deal.write_text(json.dumps(data))
    form.write_text("api: {offer: list}")
    code, out, err = called(capsys, "review", str(deal), "--plan", str(form), *asked)
    assert (code, err) == (0, "")
    loss, words = " ".join(out.partition("Plan ")[0].split()), " ".join(out.split())
    as_today = "Routing and projects, of which an order form says nothing, are as today (--routing today), as settle"
    at_best = "Routing and projects, of which an order form says nothing, are at their best (--routing best), as review"
    assert (as_today in words, at_best in words) == (bool(engineering), not engineering)
    _, settled, _ = called(capsys, "settle", str(deal), "--plan", str(form))
    assert as_today in " ".join(settled.split())
    assert "API usage at list prices" in settled and "contracted rates" not in settled
    if engineering:
        assert "Loss 12.00 (100%) above the best deal by objective" in loss
        assert loss.endswith(": 0.00 by what is signed, 12.00 by routing and projects")
    else:
        assert "Loss none: it is the best deal by objective" in loss


@pytest.mark.parametrize(
    ("proposal", "message"),
    [
        ("api: {offer: qoute}", "1: api.offer: there is no offer 'qoute'"),
        ("api: {offer: quote, commitment_usd: 1}", "the band needs 1,000 a year"),
        ("apo: {}", "1: apo: "),
    ],
)
def test_mistakes_are_one_sentence(capsys, files, proposal, message):
    Path(files[1]).write_text(proposal)
    code, out, err = called(capsys, "review", files[0], "--plan", files[1])
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1
