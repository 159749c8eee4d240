"""What a deal hangs on: bars by hand, draws that stay the same, Sobol indices in closed form and against SALib."""

import contextlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from SALib.analyze import sobol as salib

from deal_solve import Infeasible, from_json, load, sample, scenarios_of, sensitivity, settle, sobol, solve, varied
from deal_solve.analysis.sensitivity import relaxed as relaxed_module
from deal_solve.analysis.sensitivity import sensitivity as module
from deal_solve.analysis.sensitivity.moved import moved
from deal_solve.analysis.sensitivity.negotiable import negotiables
from deal_solve.analysis.sensitivity.relaxed import Relaxed
from deal_solve.analysis.sensitivity.result import SensitivityResult
from deal_solve.analysis.sensitivity.sobol import sobol_indices
from deal_solve.cli.main import run
from deal_solve.uncertainty import metalog
from deal_solve.uncertainty.saltelli import NOISE, saltelli
from deal_solve.uncertainty.sampling import quasi_normals
from deal_solve.uncertainty.sobol import sobol_points
from tests.support.generators import RandomDraw, drawn_deal
from tests.support.generators.estimate import read as read_data
from tests.support.hand_deals import APP, DOLLAR, YEAR, certainly, newsvendor, office, quote, read
from tests.support.paths import SCENARIOS
from tests.support.relaxations import lawful
from tests.support.samples import seeds

VOLUME, PRICE = "workloads.app.requests_per_month", "uncertainty.list_price_change_per_year.models"


def bar(found, path):
    (one,) = [each for each in found.bars if each.path == path]
    return one


def uncertain(**sections):
    """Return a deal with one workload whose volume and price are bands."""
    band = {"p10": 60, "p50": 100, "p90": 160}
    changes = {"list_price_change_per_year": {"models": {"p10": "-30%", "p50": "-10%", "p90": "10%"}}}
    parts = {"workloads": {"app": {**APP, "requests_per_month": band}}, "uncertainty": changes}
    return read(**{**parts, "offers": {"quote": quote((1, 0.2))}, **sections})


def test_a_discount_up_and_down_by_hand():
    """Case 1 of section 9: with a discount d covering 60 costs 60·(1-d) + 40, so 88.6 at 0.19 and 87.4 at 0.21.

    The plan held pays 48. At 0.19 that covers 59.26; 0.74, 40.74, 100.74 are over: 48 + 0.22 + 20.37 + 20.15 = 88.74.
    At 0.21 it covers 60.76, all of the low future, and 39.24 and 99.24 are over: 48 + 19.62 + 19.85 = 87.47.
    """
    found = sensitivity(newsvendor())
    one = bar(found, "offers.quote.api.bands[0].discount")
    assert (one.kind, one.today, one.low, one.high) == ("negotiable", 0.2, 0.19, 0.21)
    assert [one.low_usd, one.high_usd] == pytest.approx([88.6 * YEAR, 87.4 * YEAR])
    over = [100 - 48 / 0.81, 160 - 48 / 0.81, 100 - 48 / 0.79, 160 - 48 / 0.79]
    low = 48 + 0.3 * (60 - 48 / 0.81) + 0.5 * over[0] + 0.2 * over[1]
    high = 48 + 0.5 * over[2] + 0.2 * over[3]
    assert [one.held_low_usd, one.held_high_usd] == pytest.approx([low * YEAR, high * YEAR])
    assert one.flexibility_usd == pytest.approx([(low - 88.6) * YEAR, (high - 87.4) * YEAR])
    assert (one.flips_low, one.flips_high, one.is_proven) == (False, False, True)
    assert found.sobol is None and "scenarios are listed" in found.notes[-1]


def test_listed_scenarios_are_varied_path_by_path_a_tenth_down_and_up():
    """Case 1 of section 9: 60, 100 or 160 cost 88, and in all of them times 0.9 or 1.1 just as much less or more.

    The plan held pays 48, which covers 60. Of 54, 90 and 144 it leaves 0, 30 and 84 over: 48 + 15 + 16.80 = 79.80. Of
    66, 110 and 176 it leaves 6, 50 and 116: 48 + 1.80 + 25 + 23.20 = 98.
    """
    found = sensitivity(newsvendor())
    paths = [each.path for each in found.bars if each.kind == "assumed"]
    one = bar(found, "scenarios.*.requests_per_month.app")
    assert {*paths} == {one.path, "scenarios.*.list_price_index.models"}
    assert (one.kind, one.today, one.low, one.high) == ("assumed", 1.0, 0.9, 1.1)
    assert [one.low_usd, one.high_usd] == pytest.approx([79.2 * YEAR, 96.8 * YEAR])
    assert [one.held_low_usd, one.held_high_usd] == pytest.approx([79.8 * YEAR, 98 * YEAR])
    prices = bar(found, "scenarios.*.list_price_index.models")
    assert [prices.low_usd, prices.high_usd] == pytest.approx([79.2 * YEAR, 96.8 * YEAR])


def test_users_usage_prices_of_seats_and_an_allowance_are_varied_where_people_are_on_seats():
    """10 seats at 20 with 30 a month of usage included, 50 used: 12 · 10 · (20 + 20), 4,800 a year.

    Usage of 45 or 55: 12 · 10 · 5 less or more. Seats at 18 or 22: 240. An allowance of 27 or 33: 360. 9 or 11 people:
    480; all of it at once, as seats and usage follow them.
    """
    cohort = {
        "headcount": 10,
        "tracks": ["seat"],
        "use": {"requests_per_user_month": 50, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]},
    }
    rates = {
        "card": "claude@2026-11-23",
        "models": {"claude-opus-5-5": DOLLAR},
        "seats": {"seat": {"usd_per_user_month": 20, "allowance": {"usd_per_user_month": 30}}},
    }
    listed = {"only": {"weight": 1, "active_users": {"people": 10}}}
    found = sensitivity(read(cohorts={"people": cohort}, rates=rates, scenarios=listed))
    assert found.objective_usd == pytest.approx(4_800)
    moved_by = {each.path: (each.low_usd - 4_800, each.high_usd - 4_800) for each in found.bars}
    expected = {
        "scenarios.*.active_users.people": 480,
        "scenarios.*.requests_per_user_month.people": 600,
        "scenarios.*.list_price_index.models": 600,
        "scenarios.*.list_price_index.seats": 240,
        "rates.seats.seat.allowance.usd_per_user_month": -360,
    }
    assert moved_by == {path: pytest.approx((-usd, usd)) for path, usd in expected.items()}


def test_a_threshold_moves_the_plan_that_is_held():
    """Usage 400k at list, 12 % from 352k. Five percent more: 369,600, whoever signs. Five percent less: 352k is still
    the best, as what is not committed costs list.
    """
    found = sensitivity(certainly(400_000 / YEAR, one=quote((352_000, 0.12))))
    one = bar(found, "offers.one.api.bands[0].commit_usd_per_year")
    assert [one.low, one.high] == pytest.approx([334_400, 369_600])
    assert [one.low_usd, one.held_low_usd] == pytest.approx([352_000] * 2)
    assert [one.high_usd, one.held_high_usd] == pytest.approx([369_600] * 2)


def test_another_deal_is_marked():
    """Twelve percent from 352k or list at 400k: five percent more are 369,600; five percent on 390k are 409,500."""
    found = sensitivity(certainly(400_000 / YEAR, one=quote((390_000, 0.12))))
    one = bar(found, "offers.one.api.bands[0].commit_usd_per_year")
    assert (one.flips_low, one.flips_high) == (False, True)
    assert [one.high_usd, one.held_high_usd] == pytest.approx([400_000, 409_500])


def test_a_plan_that_cannot_be_signed_is_not_held():
    """Ten people at 12 rather than 15, at least ten seats: eleven cost 1,584 a year, the ten of today are too few."""
    one = bar(sensitivity(office(minimum=10)), "offers.office.seats.seat.minimum")
    assert (one.low, one.high) == (9, 11)
    assert one.high_usd == pytest.approx(12 * 11 * 12)
    assert (one.held_high_usd, one.flexibility_usd[1]) == (None, None)
    assert one.held_low_usd == pytest.approx(12 * 10 * 12)


@pytest.mark.parametrize("number", seeds((0, 2), 12))
def test_an_end_that_is_not_solved_is_as_one_that_is(number, monkeypatch):
    """Numbers of generated deals moved either way: what is left unsolved costs the same, by the same deal."""
    rng, left_out, known = np.random.default_rng([17, number]), [], []
    unmoved, relaxed = module.is_unmoved, module.relaxed
    monkeypatch.setattr(relaxed_module, "WORTH_SOLVING", 1)
    monkeypatch.setattr(module, "is_unmoved", lambda *given: left_out.append(given) or unmoved(*given))
    monkeypatch.setattr(module, "relaxed", lambda *given: known.append(relaxed(*given)) or known[-1])
    found = None
    while found is None or not (left_out and known[-1].unmoved):
        deal = lawful_deal(rng)
        with contextlib.suppress(Infeasible):
            found = sensitivity(deal, samples=1)
    monkeypatch.setattr(module, "is_unmoved", lambda *_: False)
    monkeypatch.setattr(module, "relaxed", lambda *_: Relaxed())
    whole = sensitivity(deal, samples=1)
    for one, other in zip(found.bars, whole.bars, strict=True):
        assert one.path == other.path
        amounts = [[bar.low_usd, bar.high_usd, bar.held_low_usd, bar.held_high_usd] for bar in (one, other)]
        for left, right in zip(*amounts, strict=True):
            assert left == (right if right is None else pytest.approx(right, rel=2e-6, abs=0.02))
        assert (one.flips_low, one.flips_high) == (other.flips_low, other.flips_high)


def lawful_deal(rng):
    return read_data(lawful(drawn_deal(RandomDraw(rng), tiny=True)))


def test_an_input_at_its_p10_and_its_p90():
    """Each end is the solve of the deal in which it is certain; holding today's plan there is never cheaper."""
    offer = {**quote((1, 0.2)), "price_protection": "locked"}
    found = sensitivity(uncertain(offers={"quote": offer}))
    one = bar(found, VOLUME)
    assert (one.kind, one.low, one.high) == ("uncertain", 60, 160)
    there = varied(found.best.settlement.deal, {VOLUME: 60})
    assert one.low_usd == pytest.approx(solve(there).objective_usd)
    held = settle(there, found.best.plan, scenarios_of(there))
    assert one.held_low_usd == pytest.approx(held.mean(held.cost))
    for each in found.bars:
        for usd in each.flexibility_usd:
            assert usd >= -2e-6 * found.best.objective_usd, each.path


def test_what_is_held_leaves_all_other_draws_as_they_are():
    deal = uncertain(
        workloads={name: {**APP, "requests_per_month": "100 ± 40%"} for name in ("app", "web")},
        uncertainty={"events": {name: {"probability": 0.5, "factor": 2, "workloads": ["web"]} for name in ("a", "b")}},
    )
    drawn = sample(deal, 256, seed=5).in_memory()
    held = sample(deal, 256, seed=5).holding(varied(deal, {VOLUME: 60}), VOLUME).in_memory()
    assert (held.requests["app"] == 60).all()
    assert (held.requests["web"] == drawn.requests["web"]).all()
    never = "uncertainty.events.a.probability"
    quiet = sample(deal, 256, seed=5).holding(varied(deal, {never: 0}), never).in_memory()
    assert (quiet.requests["app"] == drawn.requests["app"]).all()
    assert (
        (quiet.requests["web"] == drawn.requests["web"]) | (2 * quiet.requests["web"] == drawn.requests["web"])
    ).all()
    assert 0.4 < (quiet.requests["web"] == drawn.requests["web"])[0].mean() < 0.6
    found = sensitivity(deal, sample(deal, 256, seed=5), samples=1)
    assert [each.path for each in found.bars if each.kind == "uncertain"].count(never) == 1
    assert bar(found, never).low_usd < bar(found, never).high_usd


def test_numbers_of_the_papers_are_those_the_offers_state():
    """Thresholds, discounts, terms, the price of every seat, the minimum; 0 and what is unsaid are none."""
    found = {each.path: (each.low, each.today, each.high) for each in negotiables(load(SCENARIOS / "start-up.yaml"))}
    assert found["offers.growth-deal.api.bands[1].commit_usd_per_year"] == (142_500, 150_000, 157_500)
    assert found["offers.growth-deal.api.bands[1].discount"] == (0.11, 0.12, 0.13)
    assert found["offers.growth-deal.terms.36.api"] == (0.02, 0.03, 0.04)
    assert found["offers.growth-deal.terms.36.seats"] == (0.04, 0.05, 0.06)
    assert found["offers.growth-deal.seats.enterprise.minimum"] == (18, 20, 22)
    assert found["offers.growth-deal.seats.enterprise.usd_per_user_month"] == (19, 20, 21)  # the card's
    assert len(found) == 16
    three = [each.path for each in negotiables(load(SCENARIOS / "three-quotes.yaml"))]
    clauses = ("overage.premium", "unused.rollover", "unused.cap", "ramp[1]")
    assert all(any(path.endswith(clause) for path in three) for clause in clauses)
    assert {"offers.twelve.renewal.uplift", "offers.twenty-four.price_protection.capped"} <= set(three)
    by_family = read(workloads={"app": APP}, offers={"q": quote((1, {"opus": 0.1, "sonnet": 0.2}))})
    assert "offers.q.api.bands[0].discount.opus" in [each.path for each in negotiables(by_family)]


def test_a_plan_is_moved_with_its_thresholds():
    deal = certainly(400_000 / YEAR, one=quote((352_000, 0.12)))
    plan = solve(deal).plan
    there = varied(deal, {"offers.one.api.bands[0].commit_usd_per_year": 300_000})
    (term,) = moved(deal, there, plan).api.terms
    assert (term.band_usd_per_year, term.commitment_usd) == (300_000, (352_000,))


# --- Sobol indices ----------------------------------------------------------------------------------------------


def moments(deal, path, group):
    """Return mean and variance of a band: its metalog over a million even quantiles."""
    (band,) = [each for each in [deal.workloads["app"].requests_per_month] if path == VOLUME] or [
        deal.uncertainty.list_price_change_per_year["models"][0]
    ]
    normals = quasi_normals(sobol_points(1, 1), 0)
    values = metalog.values((metalog.fit(band, *metalog.BOUNDS[group]),), normals)[0]
    return values.mean(), values.var()


def test_indices_in_closed_form():
    """At list the cost is V·(6 + 6·(1+x)): a product of two independent factors with squared coefficients of variation
    v and w. Its variance over its squared mean is v + w + v·w; alone they make v and w of it, with the other v·w more.
    """
    deal = uncertain(offers={})
    found = sobol(deal, solve(deal).plan, count=1 << 15)
    volume, price = {row.factor: row for row in found.indices}[VOLUME], found.indices[1]
    assert (found.are_inputs, price.factor, found.size) == (True, PRICE, 4 * (1 << 15))
    mean, variance = moments(deal, VOLUME, "usage")
    v = variance / mean**2
    mean, variance = moments(deal, PRICE, "price")
    w = variance / (2 + mean) ** 2
    whole = v + w + v * w
    for row, alone in ((volume, v), (price, w)):
        assert row.first == pytest.approx(alone / whole, abs=0.01)
        assert row.total == pytest.approx((alone + v * w) / whole, abs=0.01)
        assert row.first_low <= alone / whole <= row.first_high
        assert row.total_low <= (alone + v * w) / whole <= row.total_high


def ishigami(x):
    angle = 2 * np.pi * (x - 0.5)
    return np.sin(angle[:, 0]) + 7 * np.sin(angle[:, 1]) ** 2 + 0.1 * angle[:, 2] ** 4 * np.sin(angle[:, 0])


def test_indices_are_those_of_salib():
    """Of a function with known indices, and of a deal: the same estimators on the same outcomes, the same numbers."""
    from scipy.stats.qmc import Sobol

    points = Sobol(6, rng=np.random.default_rng(1)).random(4096)
    first, second = points[:, :3], points[:, 3:]
    mixed = [np.where(np.arange(3) == index, second, first) for index in range(3)]
    values = np.array([ishigami(x) for x in (first, second, *mixed)])
    mine = sobol_indices(values, 1)
    assert mine[:, 0] == pytest.approx([0.3139, 0.4424, 0], abs=0.02)
    assert mine[:, 3] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    deal = uncertain()
    design = saltelli(deal, 4096, seed=7)
    cost = settle(deal, solve(deal).plan, design).cost.reshape(4, 4096)
    for outcomes in (values, cost):
        order = [0, *range(2, len(outcomes)), 1]  # A, then A with one factor of B each, then B
        names = [f"x{index}" for index in range(len(outcomes) - 2)]
        problem = {"num_vars": len(names), "names": names, "bounds": [[0, 1]] * len(names)}
        theirs = salib.analyze(problem, outcomes[order].T.ravel(), calc_second_order=False, seed=1)
        mine = sobol_indices(outcomes, 1)
        assert mine[:, 0] == pytest.approx(theirs["S1"], abs=1e-9)
        assert mine[:, 3] == pytest.approx(theirs["ST"], abs=1e-9)
        assert (mine[:, 2] - mine[:, 1]) / 2 == pytest.approx(theirs["S1_conf"], rel=0.25, abs=0.002)
        assert (mine[:, 5] - mine[:, 4]) / 2 == pytest.approx(theirs["ST_conf"], rel=0.25, abs=0.002)


def test_matrices_share_what_is_not_exchanged():
    deal = uncertain(workloads={name: {**APP, "requests_per_month": "100 ± 40%"} for name in ("app", "web")})
    design = saltelli(deal, 4096, seed=3)
    assert design.factors == (VOLUME, "workloads.web.requests_per_month", PRICE)
    a, b, app, web, price = (design.block(index) for index in range(5))
    for mixed, index in ((app, 0), (web, 1), (price, 2)):
        for number, of in enumerate(
            (lambda s: s.requests["app"], lambda s: s.requests["web"], lambda s: s.index["opus"])
        ):
            assert (of(mixed) == of(b if number == index else a)).all()
    assert not np.allclose(a.requests["app"], b.requests["app"])
    assert sum(len(design.block(index).weights) for index in range(design.block_count)) == design.size == 5 * 4096


def test_bands_that_move_together_have_factors_behind_them():
    """Of two equal volumes with correlation 0.75, √0.75 of either normal is shared: far more than each has alone."""
    deal = uncertain(
        workloads={name: {**APP, "requests_per_month": "100 ± 40%", "monthly_noise": 0.1} for name in ("app", "web")},
        uncertainty={"correlation": {"usage": 0.75}},
        offers={},
    )
    found = sobol(deal, solve(deal).plan)
    shares = {row.factor: row.first for row in found.indices}
    own = [f"workloads.{name}.requests_per_month, its own part" for name in ("app", "web")]
    assert list(shares) == ["what usage has in common", *own, NOISE]
    assert not found.are_inputs
    assert shares["what usage has in common"] == pytest.approx(0.857, abs=0.03)  # 4·0.75 of 4·0.75 + 2·0.25
    assert [shares[name] for name in own] == pytest.approx([0.071, 0.071], abs=0.02)
    assert 0 < shares[NOISE] < 0.02
    matrix = {"correlation": {"matrix": {VOLUME: {"workloads.web.requests_per_month": 0.5}}}}
    assert saltelli(varied(deal, {"uncertainty": matrix})).factors[0] == f"factor behind {VOLUME}"


def test_what_is_certain_has_no_indices():
    certain = read(workloads={"app": {**APP, "requests_per_month": 100}})
    assert sobol(certain, solve(certain).plan) is None
    deal = uncertain(offers={})
    plan = solve(deal).plan
    found = sobol(deal, plan, plan)
    assert {row.of for row in found.indices} == {"cost"}
    assert found.notes[-1] == "the loss is the same in every scenario, so nothing spreads it"


# --- the command ------------------------------------------------------------------------------------------------


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


def test_the_command_prints_draws_and_writes(capsys, tmp_path):
    deal, picture, table, data = (str(tmp_path / name) for name in ("deal.json", "t.svg", "t.csv", "t.json"))
    Path(deal).write_text(json.dumps(uncertain().written), encoding="utf-8")
    code, out, err = called(capsys, "sensitivity", deal, "--picture", picture, "--out", table)
    assert (code, err) == (0, "")
    assert "Sobol indices of today's plan" in out and "Tornado over 12 months" in out
    assert len(re.findall(r"\bgain\b", out)) == 3  # the title, and a column for each end
    assert "Changes nothing, a step down or up\n- offers.quote.api.bands[0].commit_usd_per_year" in out
    svg = Path(picture).read_text()
    assert f">{VOLUME}</text>" in svg and "alone (ring), with others (square)" in svg
    header, first, *_ = Path(table).read_text().splitlines()
    assert header.startswith("path,kind,today,low,high,low_usd,high_usd,held_low_usd") and first.startswith(VOLUME)
    assert called(capsys, "sensitivity", deal, "--out", data)[:2] == (0, out)
    result = from_json(Path(data).read_text(), SensitivityResult)
    assert (result.bars[0].path, result.factors_are_inputs) == (VOLUME, True)
    assert {row.of for row in result.indices} == {"cost", "loss"}


def test_listed_futures_have_no_indices_and_say_what_is_varied_instead(capsys, tmp_path):
    deal = tmp_path / "deal.json"
    deal.write_text(json.dumps(newsvendor().written), encoding="utf-8")
    code, out, _ = called(capsys, "sensitivity", str(deal))
    assert code == 0 and "Sobol" not in out and "the scenarios are listed or read from a file" in out
