"""Where the best deal flips: worked by hand, against a fine grid of cold solves, at a target, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest

from deal_solve import Infeasible, InputError, breakeven, from_json, load, sample, scenarios_of, settle, solve, varied
from deal_solve.analysis.breakeven.result import BreakevenResult
from deal_solve.cli.main import run
from deal_solve.facts.decisions import key_of
from deal_solve.optimise.solve import fit_risk
from deal_solve.settlement.objective import objective_of
from deal_solve.uncertainty.measures import Against
from tests.support.hand_deals import APP, CHANCES, RARE, YEAR, certainly, explicit, office, quote, read
from tests.support.paths import SCENARIOS

PREMIUM = "offers.deep.api.overage.premium"
PRICE = "offers.office.seats.seat.usd_per_user_month"


def two_quotes(**sections):
    """Return case 1 of section 9 with an offer of 20 % and a premium on overage, and one of 5 % without commitment."""
    offers = {"deep": quote((0.01, 0.2), overage={"premium": 0}), "flat": quote((0, 0.05))}
    return read(**{"workloads": {"app": APP}, "offers": offers, "scenarios": explicit(RARE, CHANCES), **sections})


def flips(found):
    return [flip.value for flip in found.flips]


def test_a_premium_by_hand():
    """D is 60/100/160 with 0.3/0.5/0.2. Covering 60 costs 48 + 40·(1+x) = 88 + 40x, covering 100 costs 92 + 12x, which
    is less from x = 1/7 on; without commitment it is 95. So deep is best up to x = 3/12, and the flip at 1/7 is of no
    decision but of the commitment.
    """
    found = breakeven(two_quotes(), PREMIUM, 0, 0.6)
    (flip,) = found.flips
    assert flip.value == pytest.approx(0.25, abs=1e-5)
    assert (flip.is_exact, found.is_complete, found.today) == (True, True, 0)
    assert [flip.before_usd, flip.after_usd, flip.expected_before_usd] == pytest.approx([95 * YEAR] * 3, rel=1e-6)
    assert [flip.committed_before_usd, flip.committed_after_usd] == pytest.approx([80 * YEAR, 0])
    assert flip.change.startswith("API agreement: deep, 12 months → flat, 12 months; ")
    below, above = found.stretches
    assert (below.low, below.high, above.low, above.high) == (0, flip.value, flip.value, 0.6)
    assert [below.low_usd, below.high_usd, above.high_usd] == pytest.approx([88 * YEAR, 95 * YEAR, 95 * YEAR])
    assert below.usd_per_unit == pytest.approx(7 / 0.25 * YEAR, rel=1e-5)
    assert (below.is_even, above.is_even, above.usd_per_unit) == (False, True, 0)


def test_a_rate_is_said_to_hold_everywhere_where_it_does():
    """From x = 1/7 to 1/4 covering 100 is best: 12 USD per unit of the premium, in 12 USD."""
    (only, _) = breakeven(two_quotes(), PREMIUM, 0.15, 0.6).stretches
    assert (only.is_even, only.usd_per_unit) == (True, pytest.approx(12 * YEAR, rel=1e-5))


@pytest.mark.parametrize(
    ("target", "value"),
    [("offer=deep", 0.25), ("offers.flat.api.bands[0]", 0.25), ("offers.flat", 0.25), ("committed<=90", 0.25)],
)
def test_what_gets_to_a_choice(target, value):
    """The flip of the two offers is the flip of each; 12·48 USD are committed at least where any are."""
    found = breakeven(two_quotes(), PREMIUM, 0, 0.6, target)
    assert flips(found) == pytest.approx([value], abs=0.0006)
    assert [stretch.at_target for stretch in found.stretches] == [target == "offer=deep", target != "offer=deep"]
    assert found.nearest is None


def test_a_choice_that_costs_the_same_is_reached():
    """Ten seats at the card's 20 from list, or from the offer at its price: at 20 both cost the same."""
    deal = office()
    cohort = deal.cohorts["staff"].model_copy(update={"tracks": ("seat",), "unserved_usd_per_user_month": None})
    deal = deal.model_copy(update={"cohorts": {"staff": cohort}})
    found = breakeven(deal, PRICE, 20, 40, "offers.office.seats.seat")
    assert (flips(found), [stretch.at_target for stretch in found.stretches]) == ([20], [True, False])


def test_what_gets_to_an_amount():
    """88 + 40x = 93 at x = 1/8; CVaR at 0.8 of the cost is that of the high future: 48 + 100·(1+x) = 150 at 0.02."""
    found = breakeven(two_quotes(), PREMIUM, 0, 0.6, f"expected<={93 * YEAR}")
    assert flips(found) == pytest.approx([0.125], abs=1e-5)
    assert [stretch.at_target for stretch in found.stretches] == [True, False]
    assert found.flips[0].expected_before_usd == pytest.approx(93 * YEAR)
    deal = two_quotes(risk={"weight": 0, "confidence": 0.8})
    assert flips(breakeven(deal, PREMIUM, 0, 0.1, f"cvar<={150 * YEAR}")) == pytest.approx([0.02], abs=1e-5)


def test_an_amount_is_met_exactly_where_costs_are_curved():
    """Covering 60 under a discount d costs 100 - 60d: 85 at d = 0.25. A cent, of 720 USD per unit, is 1.4e-5."""
    path = "offers.deep.api.bands[0].discount"
    found = breakeven(two_quotes(), path, 0.1, 0.3, f"expected<={85 * YEAR}", points=3)
    (flip,) = found.flips
    assert (flip.value, flip.is_exact) == (pytest.approx(0.25, abs=1.4e-5), True)
    assert not found.is_complete


def test_an_amount_is_met_by_the_deal_that_is_best_there():
    """88 + 40x = 93 at x = 1/8, where deep is best; flat, best at the end, costs 95 and is no side of it."""
    (flip,) = breakeven(two_quotes(), PREMIUM, 0, 0.6, f"expected<={93 * YEAR}", points=2).flips
    assert (flip.value, flip.is_exact) == (pytest.approx(0.125, abs=1e-5), True)
    assert (flip.before.api.offer, flip.after.api.offer) == ("deep", "deep")
    assert flip.expected_after_usd == pytest.approx(93 * YEAR)
    assert flip.change == "no decision, only what the deal costs"


def test_an_amount_that_stays_is_held_to_its_last_value():
    """Covering 60 commits 48, up to 1/7; covering 100 commits 80, up to 1/4; flat commits nothing."""
    found = breakeven(two_quotes(), PREMIUM, 0, 0.6, f"committed<={48 * YEAR}")
    assert [stretch.at_target for stretch in found.stretches] == [True, False, True]
    assert flips(found) == pytest.approx([1 / 7, 0.25], abs=found.resolution)


def test_an_amount_is_held_up_to_where_its_plan_cannot_be_signed():
    """As below, usage of 400k at list: 320k is committed under 20 % up to a threshold of that, then the threshold."""
    deal = certainly(400_000 / YEAR, one=quote((352_000, 0.12)), two=quote((300_000, 0.2)))
    threshold = "offers.two.api.bands[0].commit_usd_per_year"
    found = breakeven(deal, threshold, 300_000, 400_000, "committed<=320000")
    assert [stretch.at_target for stretch in found.stretches] == [True, False]
    (flip,) = found.flips
    assert flip.low <= 320_000 <= flip.high and flip.high - flip.low <= found.resolution * 1.001


def test_the_nearest_is_said_where_nothing_gets_there():
    """The least cost is 88, at 0, so 8 above 80. At 0.3 deep costs 92 + 12·0.3 = 95.6, which is 0.6 more than flat."""
    amount = breakeven(two_quotes(), PREMIUM, 0, 0.6, f"expected<={80 * YEAR}")
    assert (amount.nearest.value, amount.nearest.missed_usd) == (0, pytest.approx(8 * YEAR))
    choice = breakeven(two_quotes(), PREMIUM, 0.3, 0.6, "offer=deep")
    assert (choice.nearest.value, choice.nearest.missed_usd) == (0.3, pytest.approx(0.6 * YEAR, rel=1e-4))
    assert (len(choice.flips), [stretch.at_target for stretch in choice.stretches]) == (0, [False])
    impossible = breakeven(two_quotes(), PREMIUM, 0, 0.6, "offer=deep, commitment=0")
    assert impossible.nearest is None and not any(stretch.at_target for stretch in impossible.stretches)


def test_the_walk_away_price_of_a_seat():
    """Ten people cost 150 a month without seats, and ten times the price with: 15."""
    found = breakeven(office(), PRICE, 5, 40)
    assert flips(found) == pytest.approx([15], abs=1e-4)
    assert found.is_complete
    assert [stretch.usd_per_unit for stretch in found.stretches] == pytest.approx([120, 0], rel=1e-4)


def test_whole_numbers_stay_whole():
    """At 12 each, n seats cost 12n a month and no seat 150: both at 12.5, so the least that is too many is 13.

    Below, the 10 expected users are contracted whatever the minimum says, and above 10 what it says.
    """
    steps, flip = breakeven(office(), "offers.office.seats.seat.minimum", 0, 40).flips
    assert (steps.low, steps.high, steps.is_exact) == (10, 12, False)
    assert steps.change.startswith("in steps, seat seats: 10 → 12")
    assert (flip.value, flip.low, flip.high, flip.is_exact) == (13, 12, 13, False)
    assert [flip.before_usd, flip.after_usd] == pytest.approx([12 * 12 * 12, 15 * 10 * 12])


def test_the_volume_that_earns_a_commitment():
    """Usage of v list dollars a month, 20 % off from 9,600 a year: 12v at list, 9,600 committed: both at v = 800."""
    deal = read(workloads={"app": {**APP, "requests_per_month": 500}}, offers={"quote": quote((9600, 0.2))})
    found = breakeven(deal, "workloads.app.requests_per_month", 100, 2000, "offers.quote.api.bands[0]")
    assert flips(found) == pytest.approx([800], rel=1e-5)
    assert [stretch.at_target for stretch in found.stretches] == [False, True]


def test_a_discount_that_wins_and_a_threshold_that_loses():
    """Usage is 400k at list, and 12 % from 352k on costs 352k. With 20 % from θ the cost is θ from 320k on, so it wins
    up to 352k; with a discount d from 300k on it is 400k·(1-d) up to 25 %, so it wins from 12 % on.
    """
    deal = certainly(400_000 / YEAR, one=quote((352_000, 0.12)), two=quote((300_000, 0.2)))
    threshold = breakeven(deal, "offers.two.api.bands[0].commit_usd_per_year", 300_000, 400_000)
    (flip,) = threshold.flips
    assert flip.low <= 352_000 <= flip.high and flip.high - flip.low <= threshold.resolution * 1.001
    discount = breakeven(deal, "offers.two.api.bands[0].discount", 0, 0.5, "offer=two")
    assert flips(discount) == pytest.approx([0.12], abs=1e-5)


def test_steps_of_seats_alone_are_one_change():
    """Who has no seat costs 15, a seat 12, and seats are capped: as many seats as people, step by step."""
    found = breakeven(office(true_up="hard_cap"), "cohorts.staff.headcount", 10, 500)
    (flip,) = found.flips
    assert (flip.low, flip.high, flip.is_exact) == (10, 500, False)
    assert flip.change == "in steps, seat seats: 10 → 500"


def test_without_a_plan_there_is_none():
    """A limit of 1,500 a year holds up to 12.5 a seat; from then on nothing does."""
    deal = office().model_copy(update={"limits": read(limits=[LIMIT], **SMALL).limits})
    cohort = deal.cohorts["staff"].model_copy(update={"tracks": ("seat",), "unserved_usd_per_user_month": None})
    found = breakeven(deal.model_copy(update={"cohorts": {"staff": cohort}}), PRICE, 5, 40)
    (flip,) = found.flips
    assert flip.low <= 12.5 <= flip.high and flip.change == "no plan beyond"
    assert (flip.after_usd, found.stretches[1].plan, found.stretches[1].deal) == (None, None, "no plan")


LIMIT = {"measure": "expected", "of": "total", "at_most": 1500}
SMALL = {"workloads": {"app": {**APP, "requests_per_month": 1}}}


@pytest.mark.parametrize(
    ("deal", "path", "low", "high", "count"),
    [
        (two_quotes(), PREMIUM, 0, 0.6, 31),
        pytest.param(
            two_quotes(risk={"weight": 0.5, "on": "cost", "confidence": 0.5}),
            PREMIUM,
            0,
            1.5,
            61,
            marks=pytest.mark.slow,
        ),
        (
            two_quotes(risk={"weight": 1, "on": "loss", "confidence": 0.5}),
            "offers.flat.api.bands[0].discount",
            0,
            0.3,
            31,
        ),
        (two_quotes(risk={"criterion": "regret"}), "offers.flat.api.bands[0].discount", 0, 0.3, 31),
        (office(minimum=11, tiers={"kind": "all_units", "steps": [{"seats": 12, "discount": 0.2}]}), PRICE, 5, 40, 36),
        (load(SCENARIOS / "three-quotes.yaml"), "offers.thirty-six.api.bands[1].discount", 0.2, 0.4, 5),
        pytest.param(
            load(SCENARIOS / "three-quotes.yaml"), "cost_of_capital_per_year", 0, 0.3, 4, marks=pytest.mark.slow
        ),
    ],
    ids=["premium", "on cost", "on loss", "regret", "seats", "three quotes", "capital"],
)
def test_a_fine_grid_of_cold_solves_finds_the_same(deal, path, low, high, count):
    """At every value a cold solve decides as the stretch in which the value lies."""
    found = breakeven(deal, path, low, high)
    for value in np.linspace(low, high, count):
        if any(flip.low - 1e-4 * (high - low) <= value <= flip.high + 1e-4 * (high - low) for flip in found.flips):
            continue
        (stretch,) = [each for each in found.stretches if each.low <= value <= each.high]
        cold = solve(varied(deal, {path: float(value)}))
        assert key_of(cold.settlement.deal, cold.plan) == key_of(cold.settlement.deal, stretch.plan), value


@pytest.mark.parametrize("risk", ["neutral", {"weight": 0.5, "on": "loss", "confidence": 0.9}])
def test_both_sides_of_a_flip_are_as_good_as_the_best_on_the_same_draws(risk):
    """Settled at the flip, on scenarios of the same seed, each side costs what a solve there finds, within the gap."""
    deal = two_quotes(risk=risk, scenarios={}, workloads={"app": {**APP, "requests_per_month": "100 ± 40%"}})
    found = breakeven(deal, PREMIUM, 0, 0.6, scenarios_from=lambda each: sample(each, 128, seed=3).in_memory())
    assert len(found.flips) == 1
    for flip in found.flips:
        there = varied(deal, {PREMIUM: flip.value})
        drawn = sample(there, 128, seed=3).in_memory()
        cold, (there, _) = solve(there, drawn), fit_risk(there, drawn)
        assert flip.is_exact and flip.before_usd == pytest.approx(cold.objective_usd, rel=2e-6)
        for plan in (flip.before, flip.after):
            cost = settle(there, plan, drawn).cost
            worth = objective_of(there, cost, drawn.weights, Against(cold.baseline_cost))
            assert worth == pytest.approx(cold.objective_usd, rel=3e-6)


def test_a_field_that_does_not_matter_is_said_to_be_none():
    """The listed scenarios have the requests; a number in the workload is not used."""
    found = breakeven(two_quotes(), "workloads.app.requests_per_month", 1, 9)
    assert len(found.flips) == 0 and found.notes[-1].startswith("every value costs the same")


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


@pytest.fixture
def deal_file(tmp_path):
    path = tmp_path / "deal.json"
    path.write_text(json.dumps(two_quotes().written), encoding="utf-8")
    return str(path)


def test_the_command_prints_draws_and_writes(capsys, tmp_path, deal_file):
    picture, table, data = (str(tmp_path / name) for name in ("b.svg", "b.csv", "b.json"))
    asked = ["breakeven", deal_file, "--vary", f"{PREMIUM}=0:60%"]
    code, out, err = called(capsys, *asked, "--picture", picture, "--out", table)
    assert (code, err) == (0, "")
    assert f"Field   {PREMIUM} from 0 to 0.6; today 0" in out
    words = " ".join(out.split())
    assert "so nothing lies between the breakpoints" in words
    assert "the nearest breakpoint is 0.25 above, at 0.25" in words
    assert Path(table).read_text().splitlines()[0].startswith("low,high,low_usd,high_usd,usd_per_unit,is_even")
    svg = Path(picture).read_text()
    assert ">0.25</text>" in svg and ">today</text>" in svg
    code, out, err = called(capsys, *asked, "--target", "expected<=1", "--out", data)
    assert "Target  expected<=1: no value in the range gets there; nearest is 0, " in out
    result = from_json(Path(data).read_text(), BreakevenResult)
    assert (result.nearest.value, result.target, result.stretches[0].at_target) == (0, "expected<=1", False)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--vary", f"{PREMIUM}=0.3"], "is not a range; expected LOW:HIGH"),
        (["--vary", f"{PREMIUM}=1:0"], "runs from 1 to 0; expected a range that rises"),
        (["--vary", PREMIUM], "expected PATH=VALUE"),
        (["--vary", "offers.none.api.overage=0:1"], "offers has no 'none'"),
        (["--vary", "offers.deep.api.bands[0].discount=0:1"], "is not a discount"),
        (
            ["--vary", f"{PREMIUM}=0:1", "--target", "offers.deep.api.bands[3]"],
            "is no band of this deal; deep has bands[0]",
        ),
        (["--vary", f"{PREMIUM}=0:1", "--target", "offer=deap"], "did you mean 'deep'"),
        (["--vary", f"{PREMIUM}=0:1", "--target", "expected<=much"], "'much' is not a number"),
        (["--vary", f"{PREMIUM}=0:1", "--out", "b.xls"], "does not end in .csv or .parquet or .json"),
    ],
)
def test_mistakes_are_one_sentence(capsys, deal_file, args, message):
    code, out, err = called(capsys, "breakeven", deal_file, *args)
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_a_deal_without_any_plan_is_infeasible():
    deal = two_quotes(limits=[{"measure": "expected", "of": "total", "at_most": 1}])
    with pytest.raises(Infeasible, match=r"at any offers.deep.api.overage.premium from 0 to 0.6"):
        breakeven(deal, PREMIUM, 0, 0.6)
    with pytest.raises(InputError):
        breakeven(two_quotes(), "offers.deep.api.overage.premum", 0, 1)
    assert scenarios_of(deal).size == 3
