"""API and seats that end in different months, and advice that only stands where it saves something."""

import pytest

from deal_solve.analysis.track.track import track
from tests.support.exports.tracked import DEAL, PLAN, written

TEXT = (
    DEAL
    + "  desk: {terms: {12: {seats: 10%}, 24: {}}, seats: {enterprise: {usd_per_user_month: 15}}}\n"
    + "cohorts:\n  staff: {headcount: 20, tracks: [enterprise], covered_share: {enterprise: 100%}}\n"
)
ON_SEATS = "seats: {enterprise: {offer: desk, term_months: MONTHS, contracted: 20}}\ntracks: {staff: enterprise}\n"


def signed(folder, api, seats):
    """Track an API agreement of `quote` beside seats of `desk`, of so many months each."""
    plan = PLAN.replace("12", str(api)) + ON_SEATS.replace("MONTHS", str(seats))
    return track(*written(folder, TEXT, plan))


def test_seats_of_another_offer_are_in_force_too_at_the_price_of_their_term(tmp_path):
    """15 a month less a tenth for twelve months."""
    found = signed(tmp_path, 12, 12)
    assert found.position.seats[0].contracted == 20
    seats = found.about.deal.whole.offers["quote-in-force"].seats["enterprise"]
    assert seats.usd_per_user_month == pytest.approx(13.5)
    assert "seats of enterprise are of desk: its prices hold, with the protection of quote" in found.notes


@pytest.mark.parametrize(
    ("api", "seats", "ends", "other", "goes"),
    [
        (24, 12, "2028-09", "2027-09", "their fees go on to it as they are"),
        (12, 24, "2027-09", "2028-09", "those until then are counted, not those after"),
    ],
)
def test_the_api_is_in_force_to_its_own_end_and_seats_of_another_end_are_named(tmp_path, api, seats, ends, other, goes):
    found = signed(tmp_path, api, seats)
    assert (found.position.ends, found.about.deal.signing_months) == (ends, (10 if api == 12 else 22,))
    assert f"seats of enterprise end in {other}, the deal from here on is signed in {ends}: {goes}" in found.notes
    (task,) = (step for step in found.steps if step.when == other and "seats of enterprise end" in step.what)
    assert "renew them for their own term" in task.what


def test_one_end_for_both_is_not_remarked_on(tmp_path):
    found = signed(tmp_path, 12, 12)
    assert not any("end in" in note for note in found.notes)


@pytest.mark.parametrize(("overage", "is_asked"), [("list", True), ("contracted", False)])
def test_more_commitment_is_asked_for_only_where_overage_costs_more(tmp_path, overage, is_asked):
    """Of 400 a year 244 are drawn in two months, so that the balance runs out."""
    text = DEAL.replace("1k, discount", "400, discount").replace("overage: list", f"overage: {overage}")
    found = track(*written(tmp_path, text, PLAN.replace("3k", "400")))
    assert found.position.exhausted_probability == 1
    asked = [step for step in found.steps if "ask for more commitment" in step.what]
    assert bool(asked) == is_asked
    for step in asked:  # list is 25 % above a fifth off: a fifth of what overage costs
        assert step.usd == pytest.approx(found.outlook.expected_overage_usd / 5)


@pytest.mark.parametrize(("discounts", "usd"), [("multiply", 20 * 0.9 * 0.8), ("add", 20 * (1 - 0.1 - 0.2))])
def test_seats_in_force_have_the_discount_of_their_term_beside_that_of_their_tier(tmp_path, discounts, usd):
    """20 seats at 20 a month, 20 % less from 10 seats on and 10 % less for twelve months."""
    tiers = "tiers: {kind: all_units, steps: [{seats: 10, discount: 20%}]}"
    text = TEXT.replace("enterprise: {usd_per_user_month: 15}", f"enterprise: {{usd_per_user_month: 20, {tiers}}}")
    text = text.replace("desk: {", f"desk: {{discounts: {discounts}, ")
    plan = PLAN + ON_SEATS.replace("MONTHS", "12")
    part = track(*written(tmp_path, text, plan)).about.deal.whole.offers["quote-in-force"].seats["enterprise"]
    assert part.usd_per_user_month * (1 - part.tiers.steps[0].discount) == pytest.approx(usd)
