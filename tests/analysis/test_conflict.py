"""Deals that cannot be done: each names the conflict a person would name, with its numbers and the way out."""

from typing import Any

import pytest

from deal_solve.analysis.conflict.conflict import explain_infeasible
from deal_solve.analysis.conflict.requirements import relaxed, requirements
from deal_solve.analysis.conflict.result import Conflict
from deal_solve.analysis.conflict.text import conflict_report
from deal_solve.cli.main import run
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.errors import Infeasible
from deal_solve.facts.controls import control_table, one_line_only
from deal_solve.optimise.feasible import is_feasible
from deal_solve.optimise.solve import solve
from deal_solve.plan.proposal import Proposal
from deal_solve.report.controls import controls_table
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.builders import APP, deal_of, only

STAFF = {"headcount": 10, "tracks": ["seat"]}
PLUS = {"quote": {"seats": {"plus": {"minimum": 50, "usd_per_user_month": 20, "covered_share": 1}}}}
ON_PLUS = {"staff": {**STAFF, "tracks": ["plus"]}}
SERVED = "cohorts.staff.tracks"
MINIMUM = "offers.quote.seats.plus.minimum"
FLOORS = {"floor": 0.9, "scores": {"opus": 0.8, "sonnet": 0.7}}


def app(monthly: float = 100, **facts: Any) -> dict[str, Any]:
    """Return the workload `app` of so many list dollars a month."""
    return {"app": {**APP, "requests_per_month": monthly, **facts}}


def limit(at_most: float, of: str = "total", **how: Any) -> dict[str, Any]:
    """Return a limit, on the expectation unless said."""
    return {**(how or {"measure": "expected"}), "of": of, "at_most": at_most}


CASES: dict[str, tuple[dict[str, Any], set[str], str]] = {
    # 50 seats at 20 USD for 12 months are 12,000.
    "seat minimum, limit on a year": (
        {"cohorts": ON_PLUS, "offers": PLUS, "limits": [limit(9000, "contract year 1")]},
        {SERVED, MINIMUM, "limits[0]"},
        MINIMUM,
    ),
    "budget too small": ({"workloads": app(), "limits": [limit(1000)]}, {"limits[0]"}, "limits[0]"),
    "committed below the seat minimum": (
        {"cohorts": ON_PLUS, "offers": PLUS, "limits": [limit(9000, "committed")]},
        {SERVED, MINIMUM, "limits[0]"},
        MINIMUM,
    ),
    "floor above every model": (
        {"workloads": app(quality=FLOORS)},
        {"workloads.app.quality.floor"},
        "workloads.app.quality.floor",
    ),
    "control nobody provides": (
        {"workloads": app(requires=["baa"])},
        {"workloads.app.requires.baa"},
        "workloads.app.requires.baa",
    ),
    "cohort that no track serves": (
        {"cohorts": {"staff": {**STAFF, "requires": ["baa"]}}},
        {SERVED, "cohorts.staff.requires.baa"},
        "cohorts.staff.requires.baa",
    ),
    # Half the requests on sonnet: the mean is at most 0.5 × 0.9 + 0.5 × 0.7 = 0.8.
    "share minimum, mean quality": (
        {
            "workloads": app(
                shares={"sonnet": {"minimum": 0.5}},
                quality={"mean_floor": 0.85, "scores": {"opus": 0.9, "sonnet": 0.7}},
            )
        },
        {"workloads.app.shares.sonnet.minimum", "workloads.app.quality.mean_floor"},
        "",
    ),
    # 100 requests a month at 1 USD in three scenarios of four, 200 in the fourth: 90 % needs 2,400.
    "probability": (
        {
            "workloads": app(0),
            "scenarios": {
                "usual": {"weight": 3, "requests_per_month": {"app": 100}},
                "high": {"weight": 1, "requests_per_month": {"app": 200}},
            },
            "limits": [limit(1500, probability_within=0.9)],
        },
        {"limits[0]"},
        "limits[0]",
    ),
    # List costs 1,200 and commits nothing; the quote costs 600, all of it committed.
    "two limits, each fine alone": (
        {
            "workloads": app(),
            "offers": {"quote": {"api": {"bands": [{"commit_usd_per_year": 600, "discount": 0.5}]}}},
            "limits": [limit(1000), limit(500, "committed")],
        },
        {"limits[0]", "limits[1]"},
        "limits[1]",
    ),
    "exclusive, control": (
        {
            "workloads": app(requires=["baa"]),
            "cohorts": {"staff": {**STAFF, "tracks": ["plus"]}},
            "offers": {
                "secure": {
                    "provides": ["baa"],
                    "exclusive": True,
                    "api": {"bands": [{"commit_usd_per_year": 0, "discount": 0}]},
                },
                "quote": {"seats": {"plus": {"usd_per_user_month": 20, "covered_share": 1}}},
            },
        },
        {"offers.secure.exclusive", "workloads.app.requires.baa", SERVED},
        "",
    ),
    "both lines": (
        {"cohorts": {"staff": STAFF}, "requires_on_both_lines": ["baa"]},
        {"requires_on_both_lines.baa"},
        "requires_on_both_lines.baa",
    ),
    # 40 × 20 USD × 12 are 9,600; maximum and minimum of the quote have no part in it.
    "service, limit": (
        {
            "cohorts": {"staff": {"headcount": 40, "tracks": ["plus"]}},
            "offers": {
                "quote": {
                    "seats": {"plus": {"maximum": 90, "minimum": 20, "usd_per_user_month": 20, "covered_share": 1}}
                }
            },
            "limits": [limit(9000)],
        },
        {SERVED, "limits[0]"},
        "limits[0]",
    ),
}


def explained(deal: Deal, fix: Proposal | None = None) -> Conflict:
    """Explain a deal that has no plan."""
    with pytest.raises(Infeasible):
        solve(deal, fix=fix)
    return explain_infeasible(deal, scenarios_of(deal), fix)


@pytest.mark.parametrize("name", CASES)
def test_the_conflict_is_the_one_a_person_names(name: str) -> None:
    sections, paths, cheapest = CASES[name]
    conflict = explained(deal_of(**sections))
    assert {each.path for each in conflict.requirements} == paths
    assert conflict.is_smallest
    assert conflict.cheapest is not None
    if cheapest:
        assert conflict.cheapest.paths == (cheapest,)


@pytest.mark.parametrize("name", CASES)
def test_the_conflict_is_irreducible_and_every_relaxation_suffices(name: str) -> None:
    deal = deal_of(**CASES[name][0])
    scenarios = scenarios_of(deal)
    conflict = explain_infeasible(deal, scenarios)
    locs = {each.path: each.loc for each in requirements(deal)}
    core = [each.path for each in conflict.requirements]
    others = [loc for path, loc in locs.items() if path not in core]
    assert not is_feasible(relaxed(deal, dict.fromkeys(others)), scenarios)
    for path in core:
        assert is_feasible(relaxed(deal, dict.fromkeys([*others, locs[path]])), scenarios)
    for way in conflict.relaxations:
        eased = relaxed(deal, {locs[path]: usd for path, usd in zip(way.paths, way.to_usd, strict=True)})
        assert solve(eased).objective_usd == pytest.approx(way.objective_usd)


@pytest.mark.parametrize(
    ("name", "path", "least"),
    [
        ("seat minimum, limit on a year", "limits[0]", 12_000),
        ("budget too small", "limits[0]", 1_200),
        ("committed below the seat minimum", "limits[0]", 12_000),
        ("probability", "limits[0]", 2_400),
        ("two limits, each fine alone", "limits[0]", 1_200),
        ("two limits, each fine alone", "limits[1]", 600),
        ("service, limit", "limits[0]", 9_600),
    ],
)
def test_a_limit_says_the_least_it_could_be(name: str, path: str, least: float) -> None:
    conflict = explain_infeasible(deal := deal_of(**CASES[name][0]), scenarios_of(deal))
    assert [each.least_usd for each in conflict.requirements if each.path == path] == [pytest.approx(least, abs=0.02)]


def test_pins_that_contradict_are_named() -> None:
    """All of `app` on opus, whose quality of 0.8 is below the mean floor of 0.85 that sonnet's 0.9 would meet."""
    quality = {"mean_floor": 0.85, "scores": {"opus": 0.8, "sonnet": 0.9}}
    fix = Proposal.model_validate({"routing": {"app": {"opus": 1}}, "api": {"offer": "list"}})
    conflict = explained(deal_of(workloads=app(quality=quality)), fix)
    assert {each.path for each in conflict.requirements} == {"--fix.routing.app", "workloads.app.quality.mean_floor"}


def test_two_conflicts_take_two_changes() -> None:
    """A budget of 1,000 for 1,200 a year, and a control nobody provides: neither alone is enough."""
    conflict = explained(deal_of(workloads=app(requires=["baa"]), limits=[limit(1000)]))
    assert conflict.cheapest is not None
    assert conflict.cheapest.paths == ("limits[0]", "workloads.app.requires.baa")
    assert conflict.cheapest.objective_usd == pytest.approx(1200, abs=0.02)


def test_balance_is_not_saved_for_a_year_under_a_limit() -> None:
    """1,000 a month and half of what is left rolls over, at most 9,000 in year 3.

    Saving balance in year 2 for year 3 would pay where year 3 alone is looked at, but usage draws it down as it comes:
    year 3 costs its 12,000 of usage at least.
    """
    api = {"bands": [{"commit_usd_per_year": 5000, "discount": {}}], "unused": {"rollover": 0.5}}
    offers = {"quote": {"terms": [12, 24], "api": api}}
    year_3 = limit(9000, "contract year 3", measure="worst")
    conflict = explained(deal_of(36, workloads=app(1000), offers=offers, limits=[year_3]))
    assert [each.least_usd for each in conflict.requirements] == [pytest.approx(12_000)]
    assert conflict.cheapest is not None
    assert conflict.cheapest.objective_usd == pytest.approx(36_000, abs=0.02)


def test_a_deal_that_can_be_done_has_no_conflict() -> None:
    deal = deal_of(workloads=app())
    with pytest.raises(ValueError, match="has a plan"):
        explain_infeasible(deal, scenarios_of(deal))


TEXT = """
start: 2027-01
horizon_months: 12
cohorts:
  staff: {headcount: 10, tracks: [plus]}
offers:
  quote:
    seats:
      plus: {minimum: 50, usd_per_user_month: 20, covered_share: 1}
limits:
  - {measure: expected, of: contract year 1, at_most: 9k}
"""


def test_lines_of_the_file_survive_a_copy_and_are_no_part_of_the_deal() -> None:
    deal = loads(TEXT)
    assert deal.model_copy(update={"title": "other"}).line(("limits", 0)) == 11
    assert deal == loads("\n\n" + TEXT)
    assert "lines" not in deal.model_dump()


def test_the_command_line_explains(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deal.yaml"
    path.write_text(TEXT)
    assert run(["solve", str(path)]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "minimum 50 seats of plus in quote (50 × 20.00 USD × 12 = 12,000.00 a year) (line 9)" in said
    assert "(line 11): at most 9,000.00; no plan that keeps the rest gets below 12,000.00" in said
    own, _, negotiated = said.partition("What the vendor would have to agree to, by the objective")
    assert "What you can change yourself, by the objective of the best deal then (USD):" in own
    assert "raise to 12,000.00: limit on expected contract year 1" in own
    assert "drop: cohort staff must be served by plus" in own
    assert "drop: minimum 50 seats of plus in quote" in negotiated
    assert "raise to" not in negotiated


def test_the_initial_order_is_named_where_it_is_the_cause_and_is_the_vendor_s_to_change() -> None:
    """30 certain users are 30 seats at 20 USD for a year, 7,200 committed; with any number, the others are added."""
    seat = {"usd_per_user_month": 20, "covered_share": 1, "true_up": "annual-true-up"}
    deal = deal_of(
        cohorts={"staff": {"headcount": 30, "tracks": ["plus"]}},
        offers={"quote": {"seats": {"plus": seat}}},
        limits=[limit(5000, "committed")],
    )
    conflict = explained(deal)
    order = "offers.quote.seats.plus.initial_order"
    assert {each.path for each in conflict.requirements} == {order, "limits[0]", SERVED}
    assert {way.paths: way.is_negotiated for way in conflict.relaxations} == {
        (order,): True,
        ("limits[0]",): False,
        (SERVED,): False,
    }
    assert "quote asks for as many seats of plus as users are expected (initial_order)" in conflict_report(conflict)


def test_a_control_on_one_line_only_is_a_warning() -> None:
    api = {"bands": [{"commit_usd_per_year": 0, "discount": 0}]}
    deal = deal_of(
        workloads=app(),
        cohorts={"staff": {**STAFF, "requires": ["baa"], "tracks": ["seat", "none"], "unserved_usd_per_user_month": 1}},
        offers={"quote": {"api": api, "seats": {"seat": {"provides": ["baa"]}}}},
        scenarios=only(),
    )
    rows = {row.offer: row for row in control_table(deal)}
    assert (rows["list"].on_seats, rows["list"].seats_gap, rows["list"].api_gap) == (False, True, False)
    assert (rows["quote"].on_seats, rows["quote"].on_api, rows["quote"].seats_gap) == (True, False, False)
    assert one_line_only(deal) == ("quote provides baa on seats only, not on the API",)
    assert "no / GAP" in controls_table(deal)
    assert controls_table(deal_of(workloads=app())) == ""


def test_a_deal_that_may_be_signed_in_several_months_is_explained_in_the_first() -> None:
    """100 a month at list, whenever it is signed: 2,400 over two years, and 1,000 is too little."""
    deal = deal_of(24, workloads=app(100), signing={"months": [2, 5]}, limits=[limit(1000)])
    (found,) = explain_infeasible(deal, scenarios_of(deal)).requirements
    assert found.path == "limits[0]"
