"""The commitment curve: case 1 of the deal model (model §9) by hand, the laws it obeys, and the command."""

import csv
import json

import pandas as pd
import pytest

from deal_solve import Cancelled, Infeasible, InputError, Proposal, curve, from_json, load, scenarios_of, solve
from deal_solve.analysis.curve.result import CurveResult
from deal_solve.cli.main import run
from tests.support.deals import SMALL
from tests.support.hand_deals import APP, CHANCES, DISCOUNT, RARE, YEAR, explicit, newsvendor, quote, read
from tests.support.paths import SCENARIOS

START_UP = str(SCENARIOS / "start-up.yaml")


def drawn(deal, **asked):
    return curve(deal, scenarios_of(deal), **asked)


def rare_deal(*bands, step_usd=None, **sections):
    """Return the deal of case 1 with other bands."""
    offers = {"quote": quote(*bands, **({"step_usd": step_usd} if step_usd else {}))}
    return read(workloads={"app": APP}, offers=offers, scenarios=explicit(RARE, CHANCES), **sections)


@pytest.fixture(scope="module")
def rare():
    return drawn(newsvendor(), points=3)


def at(found, covered):
    """Return the point whose commitment covers this list value (in 12 USD, as the text states it)."""
    (point,) = [p for p in found.points if p.commitment_usd_per_year == pytest.approx(0.8 * covered * YEAR)]
    return point


def test_case_1_by_hand(rare):
    """The optimum covers 60, so the grid of three covers 30, 60, 90. D is 60, 100, 160 with 0.3, 0.5, 0.2.

    30: pays 24, overage 0.3·30 + 0.5·70 + 0.2·130 = 70: 94. Used in full, overage always.
    60: pays 48, overage 0.5·40 + 0.2·100 = 40: 88. Used in full, overage in 0.7.
    90: pays 72, overage 0.5·10 + 0.2·70 = 19: 91. Of 72 used 0.3·48 + 0.7·72 = 64.8, or 0.9; forfeited 7.2; overage in
    0.7, shortfall in 0.3.
    """
    wanted = {30: (94, 1, 1, 0, 0, "grid"), 60: (88, 1, 0.7, 0, 0, "optimum"), 90: (91, 0.9, 0.7, 0.3, 7.2, "grid")}
    for covered, (cost, utilisation, overage, shortfall, forfeited, mark) in wanted.items():
        point = at(rare, covered)
        assert point.expected_usd == pytest.approx(YEAR * cost)
        assert point.objective_usd == pytest.approx(YEAR * cost)
        assert point.utilisation == pytest.approx(utilisation)
        assert point.overage_probability == pytest.approx(overage)
        assert point.shortfall_probability == pytest.approx(shortfall)
        assert point.forfeited_usd == pytest.approx(YEAR * forfeited)
        assert point.mark == mark
    assert rare.optimum == at(rare, 60)
    assert [point.mark for point in rare.points] == ["threshold", "grid", "optimum", "grid"]
    assert rare.notes == ()


def test_a_proposal_is_marked_with_the_rest_at_its_best():
    """Covering 100 pays 80 and overage 0.2·60 = 12: 92."""
    proposal = Proposal.model_validate({"api": {"offer": "quote", "commitment_usd": 80 * YEAR}})
    found = drawn(newsvendor(), points=2, proposed=proposal)
    assert found.proposed.mark == "proposed"
    assert found.proposed.expected_usd == pytest.approx(YEAR * 92)
    assert found.to_frame()["mark"].tolist()[-1] == "proposed"
    assert len(found.to_frame()) == len(found.points) + 2


def test_no_commitment_is_a_point_of_its_own(rare):
    """Usage at list is 0.3·60 + 0.5·100 + 0.2·160 = 100, 12 more than the best commitment."""
    without = rare.uncommitted
    assert (without.mark, without.plan.api.offer, without.commitment_usd_per_year) == ("uncommitted", "list", 0)
    assert without.expected_usd == pytest.approx(YEAR * 100)
    assert (without.utilisation, without.overage_probability, without.forfeited_usd) == (None, 0, 0)
    assert rare.to_frame()["mark"].tolist()[-1] == "uncommitted"


def test_no_commitment_is_the_best_of_all_offers_that_ask_for_none():
    """A band without commitment gives 10 % off: 90 instead of 100 at list."""
    bands = {"quote": quote((0, 0.1), (0.01, DISCOUNT)), "dear": quote((0, 0.05))}
    found = drawn(read(workloads={"app": APP}, offers=bands, scenarios=explicit(RARE, CHANCES)), points=2)
    assert found.uncommitted.plan.api.offer == "quote"
    assert found.uncommitted.expected_usd == pytest.approx(YEAR * 90)


@pytest.mark.parametrize("risk", ["neutral", "cautious"])
def test_every_point_equals_a_solve_and_every_minimum_the_solve_of_its_band(risk):
    """Two bands with a step: each point is `solve` with its pin, and no point is below the forced band's optimum."""
    deal = rare_deal((300, 0.1), (900, DISCOUNT), step_usd=60, risk=risk)
    found = drawn(deal)
    assert {point.band_usd_per_year for point in found.points} == {300, 900}
    for point in found.points:
        again = solve(deal, fix=point.fix)
        assert again.objective_usd == pytest.approx(point.objective_usd, rel=2e-6)
        assert point.is_proven
        assert point.commitment_usd_per_year >= point.band_usd_per_year - 0.005
        assert point.commitment_usd_per_year % 60 == pytest.approx(0)
    for band in (300, 900):
        own = [point for point in found.points if point.band_usd_per_year == band]
        forced = solve(deal, fix=Proposal.model_validate({"api": {"offer": "quote", "band_usd_per_year": band}}))
        least = min(point.objective_usd for point in own)
        assert least == pytest.approx(forced.objective_usd, rel=2e-6)
        assert next(p for p in own if p.mark == "optimum").objective_usd == pytest.approx(least, rel=2e-6)
        assert [p.commitment_usd_per_year for p in own] == sorted(p.commitment_usd_per_year for p in own)
    assert found.optimum.objective_usd == pytest.approx(found.best.objective_usd, rel=2e-6)


def test_a_band_without_commitment_is_one_point():
    """At list it costs 0.3·60 + 0.5·100 + 0.2·160 = 100; nothing is committed and nothing can be lost."""
    point = drawn(rare_deal((0, 0), (300, DISCOUNT)), points=2).points[0]
    assert (point.band_usd_per_year, point.commitment_usd_per_year, point.utilisation) == (0, 0, None)
    assert (point.overage_probability, point.shortfall_probability, point.forfeited_usd) == (0, 0, 0)
    assert point.expected_usd == pytest.approx(YEAR * 100)


def test_a_point_beyond_a_limit_is_left_out_with_a_note():
    """At most 600 USD committed: of 288, 576 and 864 the last cannot be signed."""
    limit = {"measure": "expected", "of": "committed", "at_most": 600}
    found = drawn(rare_deal((0.01, DISCOUNT), limits=[limit]), points=3)
    assert max(point.commitment_usd_per_year for point in found.points) == pytest.approx(0.8 * 60 * YEAR)
    (note,) = found.notes
    assert note.startswith("left out (no plan meets every limit and rule of this deal): band from 0.01 at 864 a year")


def test_without_an_agreement_that_commits_there_is_no_curve():
    deal = read(workloads={"app": APP}, offers={"quote": quote((0, 0.1))}, scenarios=explicit({"only": 60}))
    with pytest.raises(InputError, match="no API agreement that commits can be signed"):
        drawn(deal)
    with pytest.raises(Infeasible):
        drawn(newsvendor(), offer="quote", term_months=24)


def called(capsys, *args):
    code = run(list(args))
    return (code, *capsys.readouterr())


@pytest.fixture
def small(tmp_path):
    """One offer with one band, from 1,000 USD; two scenarios."""
    path = tmp_path / "deal.yaml"
    path.write_text(SMALL)
    return str(path)


def test_the_command_prints_draws_and_writes(capsys, tmp_path, small):
    proposal = tmp_path / "today.yaml"
    proposal.write_text("api: {offer: quote, commitment_usd: 20k}\n")
    files = [tmp_path / name for name in ("c.svg", "c.csv", "c.parquet", "c.json")]
    asked = ["curve", small, "--plan", str(proposal), "--points", "3"]
    code, out, err = called(capsys, *asked, "--picture", str(files[0]), "--out", str(files[1]))
    assert (code, err) == (0, "")
    assert "Offer   API agreement quote, 12 months" in out
    assert "Today   20,000 USD committed a year (band from 1,000)" in out
    assert "Commitment curve over 12 months" in out
    svg = files[0].read_text()
    assert all(f">{text}<" in svg for text in ("1,000", "today", "no commitment", "Utilisation of the commitments"))
    rows = list(csv.DictReader(files[1].read_text().splitlines()))
    assert [row["mark"] for row in rows] == ["threshold", "grid", "optimum", "grid", "uncommitted", "proposed"]
    for path in files[2:]:
        assert called(capsys, *asked, "--out", str(path))[:2] == (0, out)
    objectives = [float(row["objective_usd"]) for row in rows]
    assert pd.read_parquet(files[2])["objective_usd"].tolist() == objectives
    text = files[3].read_text()
    result = from_json(text, CurveResult)
    assert json.loads(text)["schema"] == "deal-solve-curve/1"
    assert [point.objective_usd for point in (*result.points, result.uncommitted, result.proposed)] == objectives


def test_a_picture_is_the_same_bytes_again(capsys, tmp_path, small):
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    for path in (one, other):
        assert called(capsys, "curve", small, "--points", "2", "--picture", str(path))[0] == 0
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--out", "c.xlsx"], "--out: 'c.xlsx' does not end in .csv or .parquet or .json"),
        (["--picture", "c.pdf"], "--picture: 'c.pdf' does not end in .svg or .png"),
        (["--out", "none/c.csv"], "none/c.csv: there is no folder none to write it to"),
        (["--points", "1"], "Usage: "),
        (["--offer", "none"], "api.offer: there is no offer 'none'; expected "),
    ],
)
def test_mistakes_are_one_sentence(capsys, args, message):
    code, out, err = called(capsys, "curve", START_UP, *args)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1 or message == "Usage: "


def test_progress_can_cancel():
    with pytest.raises(Cancelled):
        curve(load(START_UP), scenarios_of(load(START_UP)), progress=lambda _: False)
