"""Discounts that multiply or add, and terms of 48 and 60 months, by hand (model §6)."""

import pytest

from deal_solve.optimise.solve import solve
from deal_solve.plan.plan import ApiAgreement, ApiTerm, Plan, Route, SeatAgreement
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.settlement.settle import Settlement
from tests.support.builders import APP, deal_of, only, settled

TIERS = {"kind": "incremental", "steps": [{"seats": 101, "discount": 0.1}]}


def quote(**changes):
    """API 10 %, seats 10 % from seat 101; the term of 24 months 5 % on both, the bundle 20 % on API, 5 % on seats."""
    return {
        "terms": {24: {"api": 0.05, "seats": 0.05}},
        "api": {"bands": [{"commit_usd_per_year": 10_000, "discount": 0.1}], "overage": "contracted"},
        "seats": {"seat": {"tiers": TIERS, **changes.pop("seat", {})}},
        "bundle": [{"combined_usd_per_year": 20_000, "seats": 0.05, "api": 0.2}],
        **changes,
    }


def billed(contracted: int = 150, users: int = 150, horizon: int = 24, **changes) -> Settlement:
    """Settle 1 000 list dollars a month under the quote with so many seats; the optimiser finds the same."""
    years = horizon // 12
    deal = deal_of(
        horizon,
        workloads={"app": APP},
        cohorts={"staff": {"headcount": 0, "tracks": ["seat"]}},
        scenarios=only(requests_per_month={"app": 1000}, active_users={"staff": users}),
        offers={"quote": quote(**changes)},
    )
    terms = resolve(deal).taken_for("quote", 24).spans
    api = tuple(ApiTerm(band_usd_per_year=10_000, commitment_usd=(10_000,) * len(span.years)) for span in terms)
    plan = Plan(
        api=ApiAgreement(offer="quote", term_months=24, terms=api),
        seats={"seat": SeatAgreement(offer="quote", term_months=24, contracted=(contracted,) * years)},
        tracks={"staff": ("seat",) * years},
        routing={"app": (Route(from_month=0, shares={"opus": 1}),)},
    )
    pinned = Proposal.model_validate({"seats": {"seat": {"contracted": contracted}}, "routing": {"app": "opus"}})
    pinned = pinned.model_copy(update={"api": Proposal.model_validate({"api": {"commitment_usd": 10_000}}).api})
    result = settled(deal, plan)
    assert solve(deal, fix=pinned).objective_usd == pytest.approx(result.cost[0])
    return result


def test_discounts_multiply_unless_said_otherwise() -> None:
    """Seats (100 + 50 · 0.9) · 20 · 0.95 · 0.95 a month; API at 0.9 · 0.95 · 0.8 = 0.684, so 8 208 of 10 000 a year."""
    result = billed()
    assert result.by_line["seats"][0] == pytest.approx(24 * 145 * 20 * 0.95 * 0.95)
    assert result.drawdown[0].usage_usd[0] == pytest.approx(12_000 * 0.684)


def test_discounts_that_add_are_taken_off_the_full_price_slice_by_slice() -> None:
    """Seats 1 to 100 at 1 - 0.05 - 0.05, from 101 on 0.1 less: (90 + 40) · 20 = 2 600; API at 1 - 0.1 - 0.05 - 0.2."""
    result = billed(discounts="add")
    assert result.by_line["seats"][0] == pytest.approx(24 * 2600)
    assert result.drawdown[0].usage_usd[0] == pytest.approx(12_000 * 0.65)


def test_all_units_add_too_and_added_seats_are_at_the_marginal_price() -> None:
    """150 seats at 0.8, and 10 more users: 160 · 20 · 0.8 a month in all."""
    tiers = {**TIERS, "kind": "all_units"}
    result = billed(users=160, discounts="add", seat={"tiers": tiers, "initial_order": "free"})
    assert result.by_line["seats"][0] == pytest.approx(24 * 150 * 16)
    assert result.by_line["true_up"][0] == pytest.approx(24 * 10 * 16)


@pytest.mark.parametrize(("combined", "kept"), [(10_000 + 12 * 145 * 20, 0.65), (10_000 + 12 * 145 * 20 + 1, 0.85)])
def test_the_bundle_looks_at_the_seat_price_after_the_tier_only(combined: float, kept: float) -> None:
    """12 · 145 · 20 = 34 800 a year and C = 10 000; a dollar more is out of reach, and 1 - 0.1 - 0.05 is paid."""
    bundle = [{"combined_usd_per_year": combined, "seats": 0.05, "api": 0.2}]
    assert billed(discounts="add", bundle=bundle).drawdown[0].usage_usd[0] == pytest.approx(12_000 * kept)


def test_an_uplift_multiplies_what_is_left() -> None:
    """The renewal at 1.1: (90 + 40) · 20 · 1.1 a month."""
    result = billed(horizon=48, discounts="add", renewal={"uplift": 0.1})
    assert result.by_line["seats"][0] == pytest.approx(24 * 2600 * 2.1)


@pytest.mark.parametrize(
    ("horizon", "first", "spans"),
    [
        (60, 48, [(0, 48, 48), (48, 60, 12)]),
        (60, 12, [(0, 12, 12), (12, 60, 48)]),
        (60, 60, [(0, 60, 60)]),
        (36, 12, [(0, 12, 12), (12, 24, 12), (24, 36, 12)]),
    ],
)
def test_terms_of_four_and_five_years(horizon: int, first: int, spans: list[tuple[int, int, int]]) -> None:
    """A renewal takes the longest length that ends by the horizon."""
    api = {"bands": [{"commit_usd_per_year": 1, "discount": 0.1}]}
    deal = deal_of(horizon, workloads={"app": APP}, offers={"quote": {"terms": [12, 48, 60], "api": api}})
    taken = resolve(deal).taken_for("quote", first)
    assert [(span.start, span.end, span.length) for span in taken.spans] == spans
    assert resolve(deal).offers["quote"].first_terms == tuple(n for n in (12, 48, 60) if n <= horizon)
