"""Signing early where what is undrawn becomes a credit of the next agreement: hand-worked, below, at and above."""

import pytest

from deal_solve import InputError, scenarios_of, solve
from deal_solve.settlement.settle import settle
from tests.support.both_methods import agree
from tests.support.builders import api_plan, bands, before, held

CREDITED = {"months": [3], "early": "credited"}


def next_one(threshold=960, **api):
    """Return offers: the one in force, and one at 20 % off with a commitment of at least so much a year."""
    current = {"on_the_table": False, "terms": [12], "api": bands((1_200, 0.1))}
    quote = {"terms": [24], "api": {**bands((threshold, 0.2)), "overage": "contracted", **api}, "renewal": "list"}
    return {"current": current, "next": quote}


def credited(drawn, offers=None, **rest):
    return held(in_force={"drawn_usd": drawn}, offers=offers or next_one(), signing=CREDITED, **rest)


def test_what_is_undrawn_pays_the_first_usage_of_the_next_agreement():
    """230 undrawn in month 3. 21 months at 80: 1,680. Prepaid 960 in year 1, which 960 of usage meet with 230 of it
    credited: 230 of the commitment are lost; the cut year commits 720 of 720 used. List costs 21·100.
    """
    solution = solve(credited(700))
    assert solution.plan.api.offer == "next"
    assert solution.objective_usd == pytest.approx(960 + 720)
    assert float(solution.settlement.credited_usd[0]) == pytest.approx(230)


@pytest.mark.parametrize(
    ("own", "first", "credited_usd", "overage"),
    [(0, 730, 230, 0), (300, 730, 300, 0), (100, 730, 230, 0), (0, 700, 230, 30), (0, 0, 0, 0), (300, 0, 0, 0)],
)
def test_the_first_term_is_credited_where_it_commits(own, first, credited_usd, overage):
    """230 undrawn, or the offer's own credit: terms of a year with usage of 960, and 720 in 9 months of the second.

    The second commits 730 a year and has no credit: 547.50 paid in advance and 172.50 above it.
    """
    grant = {"credit": {"usd": own, "pays": "balance"}} if own else {}
    offers = next_one(0, **bands((0, 0.2), (700, 0.2)), **grant)
    offers["next"] |= {"terms": [12], "renewal": "same"}
    deal = credited(700, offers)
    plan = api_plan((700 if first else 0, (first,)), (700, (730,)), offer="next", signing_month=3)
    result = settle(deal, plan, scenarios_of(deal))
    assert result.credited_usd == pytest.approx([credited_usd])
    expected = {"commitment": first + 547.5, "overage": overage + 172.5, "usage": 0 if first else 960}
    assert {line: result.by_line[line][0] for line in expected} == pytest.approx(expected)


def test_a_credit_beside_a_smaller_commitment_saves_all_of_it():
    """At least 730 a year: year 1 uses 960, 730 and the 230; the cut year commits 547.50 and pays 172.50 more."""
    solution = solve(credited(700, next_one(730)))
    assert solution.objective_usd == pytest.approx(730 + 720)


def test_nothing_is_undrawn():
    """All is drawn: 300 of overage before, no credit."""
    solution = solve(credited(1_200, next_one(730)))
    assert before(solution) == {"overage": 300}
    assert solution.objective_usd == pytest.approx(300 + 1_680)


def test_under_arrears_it_is_charged_and_credited():
    """230 are charged at signing; the next one bills 960 less 230 in year 1, and 720."""
    offers = next_one(730, payment="arrears")
    offers["current"]["api"]["payment"] = "arrears"
    solution = solve(credited(700, offers))
    assert before(solution) == {"usage": 270, "shortfall": 230}
    assert solution.objective_usd == pytest.approx(270 + 230 + 730 + 720)


def test_the_larger_of_two_credits_counts():
    """The offer's own 300 are more than the 230: 660 a year is enough."""
    offers = next_one(660, credit={"usd": 300, "pays": "balance"})
    assert solve(credited(700, offers)).objective_usd == pytest.approx(660 + 720)
    offers = next_one(730, credit={"usd": 100, "pays": "balance"})
    assert solve(credited(700, offers)).objective_usd == pytest.approx(730 + 720)


def test_balance_carried_in_expires():
    """Under arrears 600 carried in, 100 drawn: 370 of it are used, 230 expire; all of the own 1,200 is undrawn."""
    own = {"drawn_usd": 100, "carried_in_usd": 600}
    offers = next_one(730)
    offers["current"]["api"]["payment"] = "arrears"
    deal = held(in_force=own, signing=CREDITED, offers=offers)
    solution = solve(deal)
    assert before(solution) == {"usage": 270, "shortfall": 1_200 + 230}
    assert float(solution.settlement.credited_usd[0]) == pytest.approx(960)


def test_both_methods_agree_over_scenarios_with_other_credits():
    """What is undrawn differs: 230 at 100 a month, 410 at 40, none at 300."""
    futures = {
        name: {"weight": 1, "requests_per_month": {"app": monthly}}
        for name, monthly in {"low": 40, "middle": 100, "high": 300}.items()
    }
    deal = held(in_force={"drawn_usd": 700}, offers=next_one(730), signing=CREDITED, scenarios=futures)
    agree(deal.signed_in(3))


def test_a_clause_that_cannot_stand_beside_a_balance_is_refused():
    offers = next_one(730, payment="arrears", excess="counts_next", period="quarter")
    with pytest.raises(InputError, match=r"signing.early: credited and excess: counts_next of next cannot stand"):
        credited(700, offers)
