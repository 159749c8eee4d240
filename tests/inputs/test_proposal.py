"""Proposals: what may be written by hand, what is assumed where nothing is, and that a plan is a proposal too."""

import json

import pytest

from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.plan import ApiTerm, Plan
from deal_solve.plan.proposal import Proposal, load_proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.proposals import example

DEAL = example()
FUTURES = scenarios_of(DEAL)


def plan_of(deal=DEAL, **parts):
    return complete(deal, Proposal.model_validate(parts), scenarios_of(deal))


def api_terms(**api):
    return plan_of(api=api)[0].api.terms


def shares(plan, user, part="routing"):
    return {route.from_month: route.shares for route in getattr(plan, part)[user]}


def refused(**parts):
    with pytest.raises(InputError) as caught:
        plan_of(**parts)
    return [str(problem) for problem in caught.value.problems]


# --- nothing given ------------------------------------------------------------------------------------------------


def test_an_empty_proposal_is_list_today_and_the_first_open_tracks():
    plan, assumed = plan_of()
    assert plan.api.offer == "list"
    assert plan.api.terms == (ApiTerm(band_usd_per_year=0, commitment_usd=(0,)),) * 3
    assert plan.tracks == {"makers": ("enterprise",) * 3, "sellers": ("none",) * 3}
    assert plan.projects == {}
    assert shares(plan, "bot")[0] == {"sonnet": 1}
    assert set(plan.use) == {"makers"}
    refuse_impossible(DEAL, plan)
    assert assumed == (
        "Cohort makers takes enterprise in every year, the first of its tracks that is open to it.",
        "Cohort sellers takes none in every year, the first of its tracks that is open to it.",
        "No API agreement is given, so API usage is at list prices, without commitment.",
        "enterprise seats are bought from quote, first term 12 months.",
        "enterprise seats contracted per year: 119, 142, 171 (the expected peak of each year, rounded up).",
        "bot runs on sonnet in 2027-01 to 2029-12 (as today).",
        "reports runs on 80% opus and 20% sonnet in 2027-01 to 2029-12 (best quality open, not in batch).",
        "makers runs on sonnet in 2027-01 to 2029-12 (best quality open, not in batch).",
    )


def test_who_is_not_named_is_routed_once_for_all_proposals_and_whoever_is_named_apart():
    plan, assumed = plan_of()
    other, stated = plan_of(routing={"reports": {"opus": 1}})
    assert shares(other, "reports")[0] == {"opus": 1} and shares(plan, "reports")[0] == {"opus": 0.8, "sonnet": 0.2}
    assert other.routing["bot"] == plan.routing["bot"] and other.use["makers"] == plan.use["makers"]
    assert stated == tuple(note for note in assumed if not note.startswith("reports"))
    assert plan_of() == (plan, assumed)


def test_the_expected_peak_is_that_of_the_last_month_of_a_growing_cohort():
    """100 · 1.2^(11/12) = 118.2 in December, 100 · 1.2^(23/12) = 141.8, 100 · 1.2^(35/12) = 170.2: rounded up."""
    plan, _ = plan_of()
    assert plan.seats["enterprise"].contracted == (119, 142, 171)


def test_the_minimum_and_the_maximum_bound_what_is_assumed():
    small = example(replace=[("headcount: 100", "headcount: 10")])
    assert plan_of(small)[0].seats["enterprise"].contracted == (50, 50, 50)
    large = example(replace=[("headcount: 100", "headcount: 380")])
    assert plan_of(large)[0].seats["enterprise"].contracted == (400, 400, 400)


def test_contracted_seats_do_not_fall_inside_a_term():
    """90 % fewer people a year: years 1 and 2 stand in one term of 24 months, year 3 starts another, at least 20 seats
    (the card's minimum) for the one person left."""
    deal = example(replace=[("growth_per_year: 20%", "growth_per_year: -90%"), ("minimum: 50, ", "")])
    plan, _ = plan_of(deal, seats={"enterprise": {"offer": "quote", "term_months": 24}})
    assert plan.seats["enterprise"].contracted[0] == plan.seats["enterprise"].contracted[1] == 100
    assert plan.seats["enterprise"].contracted[2] == 20


# --- the API agreement --------------------------------------------------------------------------------------------


def test_an_offer_alone_means_its_shortest_term_and_lowest_band():
    """12 months, and after them the longest term that ends by month 36: 24 months."""
    plan, assumed = plan_of(api={"offer": "quote"})
    assert plan.api.term_months == 12
    assert [(term.band_usd_per_year, term.commitment_usd) for term in plan.api.terms] == [(0, (0,)), (0, (0, 0))]
    assert "The API agreement with quote runs 12 months first." in assumed
    assert (
        "quote, API term 1: band from 0 USD a year, commitment 0 USD a year (band and commitment assumed)." in assumed
    )


@pytest.mark.parametrize(
    ("commitment", "band"), [("99k", 0), ("100k", 100_000), ("199999.99", 100_000), ("1M", 200_000)]
)
def test_a_commitment_takes_the_highest_band_it_reaches(commitment, band):
    assert {term.band_usd_per_year for term in api_terms(offer="quote", commitment_usd=commitment)} == {band}


def test_a_band_alone_means_its_threshold():
    terms = api_terms(offer="quote", band_usd_per_year="200k")
    assert [term.commitment_usd for term in terms] == [(200_000,), (200_000, 200_000)]


def test_the_threshold_is_met_by_the_mean_of_a_ramp_on_a_step():
    """Factors 0.5, 1, 1.5 have the mean 1: base 120k, up to the step of 50k: 150k, so 75k, 150k, 225k."""
    assert api_terms(offer="ramped") == (ApiTerm(band_usd_per_year=120_000, commitment_usd=(75_000, 150_000, 225_000)),)


def test_one_number_under_a_ramp_is_the_mean():
    (term,) = api_terms(offer="ramped", commitment_usd="200k")
    assert term.commitment_usd == pytest.approx((100_000, 200_000, 300_000))


def test_a_list_is_per_contract_year_and_reaches_across_terms():
    terms = api_terms(offer="quote", term_months=24, commitment_usd=["100k", "110k", "250k"])
    assert terms == (
        ApiTerm(band_usd_per_year=100_000, commitment_usd=(100_000, 110_000)),
        ApiTerm(band_usd_per_year=200_000, commitment_usd=(250_000,)),
    )


def test_renewals_repeat_the_first_term():
    """A list for the first term of 24 months; its renewal of 12 months has the mean of it."""
    terms = api_terms(offer="quote", term_months=24, commitment_usd=["100k", "140k"], band_usd_per_year="100k")
    assert [term.commitment_usd for term in terms] == [(100_000, 140_000), (120_000,)]


def test_a_renewal_at_list_commits_nothing():
    terms = api_terms(offer="free", commitment_usd="150k")
    assert terms[1] == ApiTerm(band_usd_per_year=0, commitment_usd=(0,))


def test_a_band_per_term():
    terms = api_terms(offer="quote", band_usd_per_year=["100k", "200k"])
    assert [(term.band_usd_per_year, term.commitment_usd) for term in terms] == [
        (100_000, (100_000,)),
        (200_000, (200_000, 200_000)),
    ]


# --- seats and tracks ---------------------------------------------------------------------------------------------


def test_a_seat_type_comes_from_the_paper_of_the_api():
    assert plan_of(api={"offer": "quote"})[0].seats["enterprise"].offer == "quote"


def test_beside_an_exclusive_agreement_only_list_sells():
    plan, _ = plan_of(api={"offer": "alone"})
    assert plan.seats["enterprise"].offer == "list"
    refuse_impossible(DEAL, plan)


def test_both_parts_of_an_offer_get_one_term():
    plan, _ = plan_of(api={"offer": "quote"}, seats={"enterprise": {"term_months": 24}})
    assert plan.api.term_months == plan.seats["enterprise"].term_months == 24
    plan, _ = plan_of(api={"offer": "quote", "term_months": 24})
    assert plan.seats["enterprise"].term_months == 24


def test_one_number_holds_for_every_year():
    plan, _ = plan_of(seats={"enterprise": {"contracted": 120}}, tracks={"sellers": "enterprise"})
    assert plan.seats["enterprise"].contracted == (120, 120, 120)
    assert plan.tracks["sellers"] == ("enterprise",) * 3


def test_tracks_per_year_count_where_they_hold():
    """40 sellers, half of them active in expectation: 20 more seats in years 2 and 3."""
    plan, _ = plan_of(tracks={"sellers": ["none", "enterprise", "enterprise"]})
    assert plan.seats["enterprise"].contracted == (119, 162, 191)


# --- routing ------------------------------------------------------------------------------------------------------


def test_an_option_by_its_name_buys_the_projects_it_needs_and_waits_for_them():
    plan, assumed = plan_of(routing={"bot": "haiku+cache"})
    assert plan.projects == {"bot": ("caching", "rerouting")}
    assert shares(plan, "bot") == {
        0: {"sonnet": 1},
        2: {"sonnet": 1},
        4: {"haiku+cache": 1},
        12: {"haiku+cache": 1},
        24: {"haiku+cache": 1},
    }
    assert "bot runs on sonnet in 2027-01 to 2027-04 (as today)." in assumed
    assert "Workload bot buys caching, rerouting, which its routing needs." in assumed
    refuse_impossible(DEAL, plan)


def test_routes_hold_from_their_month_on():
    plan, _ = plan_of(
        routing={
            "bot": [
                {"from_month": 2, "shares": {"sonnet+cache": 1}},
                {"from_month": 12, "shares": {"sonnet+cache": "60%", "sonnet": "40%"}},
            ]
        }
    )
    assert shares(plan, "bot") == {
        0: {"sonnet": 1},
        2: {"sonnet+cache": 1},
        4: {"sonnet+cache": 1},
        12: {"sonnet+cache": 0.6, "sonnet": 0.4},
        24: {"sonnet+cache": 0.6, "sonnet": 0.4},
    }
    assert plan.projects == {"bot": ("caching",)}


def test_projects_that_are_given_are_not_added_to():
    plan, _ = plan_of(projects={"bot": []}, routing={"bot": "sonnet+cache"})
    assert plan.projects == {"bot": ()}
    with pytest.raises(InputError, match="needs caching; bought: none"):
        refuse_impossible(DEAL, plan)


def test_where_today_is_closed_the_best_quality_takes_over():
    """A floor above sonnet closes it: nothing is open before the project of rerouting is ready, opus from then on."""
    deal = example(
        replace=[
            (
                "scores: {opus: 0.97, sonnet: 0.93, haiku: 0.85}}",
                "floor: 0.95, scores: {opus: 0.97, sonnet: 0.93, haiku: 0.85}}",
            ),
            ("rerouting: {usd: 20k, ready_month: 4}", "rerouting: {usd: 20k}"),
        ]
    )
    plan, assumed = plan_of(deal)
    assert shares(plan, "bot")[0] == {"opus": 1}
    assert plan.projects == {"bot": ("rerouting",)}
    assert "bot runs on opus in 2027-01 to 2029-12 (best quality open, not in batch)." in assumed


def test_least_shares_are_met_before_the_best_quality():
    assert shares(plan_of()[0], "reports")[0] == {"sonnet": pytest.approx(0.2), "opus": pytest.approx(0.8)}


# --- a plan is a proposal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("offer", ["list", "quote", "ramped", "free", "alone"])
def test_a_complete_plan_comes_back_unchanged_and_assumes_nothing(offer):
    plan, _ = plan_of(api={"offer": offer}, routing={"bot": "haiku"}, tracks={"sellers": "enterprise"})
    again, assumed = complete(DEAL, Proposal.model_validate(plan.model_dump(mode="json")), FUTURES)
    assert again == plan
    assert assumed == ()


def test_plans_and_results_are_read_from_files(tmp_path):
    plan, _ = plan_of(api={"offer": "quote"})
    data = plan.model_dump(mode="json")
    (tmp_path / "plan.json").write_text(json.dumps(data))
    (tmp_path / "result.json").write_text(json.dumps({"schema": "deal-solve-result/1", "plan": data, "cost": {}}))
    assert load_proposal(tmp_path / "plan.json") == load_proposal(tmp_path / "result.json")
    assert Plan.model_validate(data) == complete(DEAL, load_proposal(tmp_path / "result.json"), FUTURES)[0]


def test_problems_of_a_file_have_lines(tmp_path):
    path = tmp_path / "proposal.yaml"
    path.write_text("api:\n  offer: 5\n  comitment_usd: 100k\nseats:\n  enterprise: {contracted: -3}\n")
    with pytest.raises(InputError) as caught:
        load_proposal(path)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{path}:2: api.offer: expected text, found 5 (put it in quotes if it is meant as text)",
        f"{path}:3: api.comitment_usd: is not a known key; did you mean 'commitment_usd'?",
        f"{path}:5: seats.enterprise.contracted: -3 is not possible; expected 0 or more",
    ]


def test_the_plan_of_a_result_keeps_its_lines(tmp_path):
    path = tmp_path / "result.json"
    path.write_text('{"plan":\n {"api":\n  {"offr": "x"}}}')
    with pytest.raises(InputError, match=r":3: api\.offr: is not a known key; did you mean 'offer'\?"):
        load_proposal(path)


# --- what means nothing -------------------------------------------------------------------------------------------


def test_names_and_lengths_that_mean_nothing_are_refused_together():
    assert refused(
        api={"offer": "qoute"},
        seats={"enterprise": {"offer": "ramped", "contracted": [1, 2]}, "golden": {}},
        tracks={"maker": "none", "sellers": ["none", "none"]},
        routing={"bots": "sonnet"},
        use={"reports": "sonnet"},
    ) == [
        "tracks.maker: there is no cohort 'maker'; did you mean 'makers'?",
        "routing.bots: there is no workload 'bots'; did you mean 'bot'?",
        "use.reports: there is no cohort with a use section 'reports'; expected makers, sellers",
        "api.offer: there is no offer 'qoute'; did you mean 'quote'?",
        "seats.enterprise.offer: 'ramped' does not sell 'enterprise'; it sells no seats",
        "seats.golden: no offer sells 'golden'",
        "tracks.sellers: 2 given; expected one for all contract years, or 3, one for each",
        "seats.enterprise.contracted: 2 given; expected one for all contract years, or 3, one for each",
    ]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"api": {"offer": "quote", "term_months": 36}},
            "api.term_months: a first term of 36 months cannot be had from 'quote'; it offers 12, 24 and the horizon "
            "is 36",
        ),
        (
            {"api": {"offer": "quote", "commitment_usd": [1, 2]}},
            "api.commitment_usd: 2 given; expected one, 1 (years of the first term) or 3 (contract years)",
        ),
        (
            {"api": {"offer": "quote", "band_usd_per_year": [0, 0, 0]}},
            "api.band_usd_per_year: 3 given; expected one, or 2, one per term",
        ),
        (
            {"routing": {"bot": [{"from_month": 5, "shares": {"sonnet": 1}}]}},
            "routing.bot[0].from_month: 5 (2027-06) is not the start of an epoch; epochs start in month 0 (2027-01), "
            "2 (2027-03), 4 (2027-05), 12 (2028-01), 24 (2029-01)",
        ),
        (
            {"routing": {"bot": [{"shares": {"sonnet": 1}}, {"from_month": 12, "shares": {"sonnet": 1}}]}},
            "routing.bot[0]: from_month is missing; only a single route may leave it out",
        ),
    ],
)
def test_one_thing_that_means_nothing(parts, message):
    assert refused(**parts) == [message]


def test_a_deal_file_in_place_of_a_proposal_is_one_problem(tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_text("start: 2027-01\nworkloads: {}\noffers: {}\n", encoding="utf-8")
    with pytest.raises(InputError, match="is a deal file; expected what is signed of it") as refusal:
        load_proposal(path)
    assert len(refusal.value.problems) == 1
