"""Every example deal: it solves to a proven optimum, says what its header says, and has a close second."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from deal_solve.deal.deal import Deal
from deal_solve.errors import Infeasible
from deal_solve.optimise.signing import solve
from deal_solve.optimise.solution import Solution
from deal_solve.plan.plan import Route
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.paths import EXAMPLES, SCENARIOS
from tests.support.solved import loaded, solved

NAMES = [path.stem for path in EXAMPLES]
CLOSE = 0.05
SEAT_LINES = ("seats", "true_up")
API_LINES = ("commitment", "overage", "usage", "shortfall", "uncounted_usage", "other_charges")


def expected(solution: Solution, lines: tuple[str, ...]) -> float:
    """Expected present value of some lines, USD."""
    settlement = solution.settlement
    return sum(float(settlement.weights @ settlement.by_line[line]) for line in lines if line in settlement.by_line)


def share(solution: Solution, lines: tuple[str, ...]) -> float:
    return expected(solution, lines) / float(solution.settlement.weights @ solution.settlement.cost)


def commits(solution: Solution) -> bool:
    return any(usd > 0 for term in solution.plan.api.terms for usd in term.commitment_usd)


def others(deal: Deal, solution: Solution) -> Iterator[Proposal]:
    """Every other API agreement, then every other band of the same one; nearest bound first."""
    own = solution.plan.api
    for branch in sorted(solution.agreements, key=lambda branch: branch.bound_usd):
        if (branch.offer, branch.term_months) != (own.offer, own.term_months) and branch.outcome != "infeasible":
            yield Proposal.model_validate({"api": {"offer": branch.offer, "term_months": branch.term_months}})
    taken = {term.band_usd_per_year for term in own.terms}
    part = resolve(deal).taken(own).api
    assert part is not None
    for band in part.bands:
        if {band.commit_usd_per_year} != taken:
            api = {"offer": own.offer, "term_months": own.term_months, "band_usd_per_year": band.commit_usd_per_year}
            yield Proposal.model_validate({"api": api})


@cache
def nearest_within(name: str) -> float | None:
    """How far above the optimum another agreement or band lies, relatively, if one is close; else None."""
    best = solved(name)
    deal = best.settlement.deal
    for proposal in others(deal, best):
        try:
            other = solve(deal, fix=proposal)
        except Infeasible:
            continue
        above = other.objective_usd / best.objective_usd - 1
        assert above >= -1e-6, "a pinned deal beats the optimum"
        if above <= CLOSE:
            return above
    return None


def test_the_buyers_are_distinct() -> None:
    assert NAMES == [
        "api-heavy",
        "aws-commitment",
        "hybrid",
        "power-users",
        "regulated",
        "renewal",
        "seat-heavy",
        "start-up",
        "three-quotes",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_shows_and_uses_published_rates(name: str) -> None:
    text = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    header = text.split("\nschema:")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    assert "What it shows" in header and "What to look at" in header and "illustrations" in header
    assert loaded(name).rates.card == "claude@2026-11-23"
    assert scenarios_of(loaded(name)).size <= 81


@pytest.mark.parametrize("name", NAMES)
def test_it_solves_to_a_proven_optimum(name: str) -> None:
    solution = solved(name)
    assert solution.status == "optimal"
    assert 0 <= solution.gap <= 1e-6


def test_at_least_four_commit_with_another_deal_close_behind() -> None:
    close = [name for name in NAMES if commits(solved(name)) and nearest_within(name) is not None]
    assert len(close) >= 4, close


def test_seats_dominate_the_seat_heavy_deal_and_are_sized_to_adoption() -> None:
    deal, solution = loaded("seat-heavy"), solved("seat-heavy")
    assert share(solution, SEAT_LINES) > 0.65
    signed = solution.plan.seats["enterprise"].contracted
    assert max(signed) < 0.8 * deal.cohorts["consultants"].headcount
    assert solution.settlement.seats["enterprise"].count.max() > max(signed)
    sized_to_headcount = Proposal.model_validate({"seats": {"enterprise": {"offer": "headcount-quote"}}})
    assert solve(deal, fix=sized_to_headcount).objective_usd > 1.05 * solution.objective_usd


def test_tokens_dominate_the_api_heavy_deal_which_optimises_before_it_commits() -> None:
    solution = solved("api-heavy")
    assert share(solution, API_LINES) > 0.9
    plan = solution.plan
    assert {"caching", "rerouting"} <= set(plan.projects["replies"]) and "batch" in plan.projects["summaries"]
    highest = max(band.commit_usd_per_year for band in loaded("api-heavy").offers["quarterly"].api.bands)
    assert max(term.band_usd_per_year for term in plan.api.terms) < highest
    assert "haiku>sonnet+cache" in plan.routing["replies"][-1].shares


def test_the_hybrid_deal_signs_both_lines_on_one_paper_and_its_bundle_is_worth_something() -> None:
    deal, solution = loaded("hybrid"), solved("hybrid")
    assert solution.plan.api.offer == solution.plan.seats["enterprise"].offer == "one-paper"
    assert set(solution.plan.tracks["shops"]) == {"shop-chat"}
    apart = deal.offers["one-paper"].model_copy(update={"bundle": ()})
    without = deal.model_copy(update={"offers": {**deal.offers, "one-paper": apart}})
    assert solve(without).objective_usd > solution.objective_usd + 1000


def test_optimising_first_shrinks_the_commitment_of_the_hybrid_deal() -> None:
    deal, solution = loaded("hybrid"), solved("hybrid")
    nothing = Proposal.model_validate({"projects": {name: [] for name in deal.workloads}})
    unprepared = solve(deal, fix=nothing)
    first = unprepared.plan.api.terms[0].commitment_usd[0]
    assert first > 1.5 * solution.plan.api.terms[0].commitment_usd[0]
    assert unprepared.objective_usd > 1.5 * solution.objective_usd


def test_the_start_up_signs_the_smallest_commitment_and_seats_come_later() -> None:
    solution = solved("start-up")
    bands = loaded("start-up").offers[solution.plan.api.offer].api.bands
    taken = {term.band_usd_per_year for term in solution.plan.api.terms if term.offer is None}
    assert taken == {bands[0].commit_usd_per_year}
    assert solution.plan.tracks["new-hires"][0] == "none"
    assert solution.plan.tracks["new-hires"][-1] != "none"
    assert scenarios_of(loaded("start-up")).kind == "explicit"


def test_controls_close_papers_tracks_and_batch_of_the_regulated_deal_and_cost_money() -> None:
    deal, solution = loaded("regulated"), solved("regulated")
    assert {branch.offer for branch in solution.agreements} == {"health-form"}
    assert set(solution.plan.tracks["administration"]) == {"enterprise"}
    routes = [route for name in ("letters", "charts") for route in solution.plan.routing[name]]
    assert not any(key.endswith("+batch") for route in routes for key in route.shares)
    free = deal.model_copy(
        update={
            "requires_on_both_lines": (),
            "workloads": {key: work.model_copy(update={"requires": ()}) for key, work in deal.workloads.items()},
        }
    )
    assert solve(free).objective_usd < 0.9 * solution.objective_usd


def test_one_word_decides_between_the_three_quotes() -> None:
    deal, solution = loaded("three-quotes"), solved("three-quotes")
    assert solution.plan.api.offer == "twenty-four"
    assert any(record.rolled_over_usd.max() > 0 for record in solution.settlement.drawdown)
    follows = deal.offers["thirty-six"].model_copy(update={"price_protection": "pass_through"})
    changed = solve(deal.model_copy(update={"offers": {**deal.offers, "thirty-six": follows}}))
    assert changed.plan.api.offer == "thirty-six"
    assert changed.objective_usd < solution.objective_usd


def test_together_they_use_the_clauses_of_a_deal() -> None:
    text = "\n".join((SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES)
    clauses = (
        "rollover:",
        "ramp: [",
        "ramp: free",
        "step_usd:",
        "price_protection: pass_through",
        "price_protection: locked",
        "capped:",
        "payment: arrears",
        "payment: prepaid_yearly",
        "period: quarter",
        "period: half",
        "overage: contracted",
        "overage: list",
        "premium:",
        "kind: all_units",
        "kind: incremental",
        "add-on-demand",
        "quarterly-reconciliation",
        "annual-true-up",
        "true-forward",
        "hard_cap",
        "reduction_right:",
        "counts_toward_commitment:",
        "bundle:",
        "exclusive:",
        "internal_tools:",
        "cascades:",
        "variants:",
        "events:",
        "season_by_calendar_month:",
        "scenarios:",
        "uplift:",
        "renewal_cap:",
        "requires_on_both_lines:",
        "probability_within:",
        "of: committed",
        "of: contract year",
        "risk: balanced",
        "risk: cautious",
        "on: cost",
        "on: loss",
    )
    assert [clause for clause in clauses if clause not in text] == []


def by_user(routing: dict[str, tuple[Route, ...]]) -> dict[tuple[str, int, str], float]:
    shares = {
        (user, route.from_month, option): value
        for user, routes in routing.items()
        for route in routes
        for option, value in route.shares.items()
    }
    return {key: value for key, value in shares.items() if value > 1e-6}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_highs_and_cbc_report_the_same_deal(name: str) -> None:
    """The two agree on every decision: commitments and shares to 1e-6, everything else exactly."""
    highs, cbc = solved(name), solve(loaded(name), solver="cbc")
    ours, theirs = highs.plan, cbc.plan
    assert (ours.api.offer, ours.api.term_months) == (theirs.api.offer, theirs.api.term_months)
    for one, other in zip(ours.api.terms, theirs.api.terms, strict=True):
        assert one.band_usd_per_year == other.band_usd_per_year
        assert one.commitment_usd == pytest.approx(other.commitment_usd, rel=1e-6)
    assert ours.seats == theirs.seats
    assert ours.tracks == theirs.tracks
    assert ours.projects == theirs.projects
    assert by_user(ours.routing) == pytest.approx(by_user(theirs.routing), rel=1e-4)
    assert highs.settlement.cost == pytest.approx(cbc.settlement.cost, rel=1e-6)
    assert highs.objective_usd == pytest.approx(cbc.objective_usd, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_offer_could_be_signed_for_some_term(name: str) -> None:
    deal = loaded(name)
    assert all(offer.first_terms for offer in resolve(deal).offers.values())
