"""What cannot be signed is refused, naming the clause and both values; what is just possible is not."""

import pytest

from deal_solve.errors import InputError
from deal_solve.plan.completion.complete import complete
from deal_solve.plan.plan import ApiAgreement, ApiTerm, SeatAgreement
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.validation.validity import refuse_impossible
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.proposals import example

DEAL = example()
FUTURES = scenarios_of(DEAL)


def plan_of(deal=DEAL, **parts):
    return complete(deal, Proposal.model_validate(parts), scenarios_of(deal))[0]


def violations(plan, deal=DEAL):
    """Return what is wrong with a plan, [] for one that can be signed."""
    try:
        refuse_impossible(deal, plan)
    except InputError as error:
        assert error.exit_code == 2
        return [str(problem) for problem in error.problems]
    return []


def with_api(offer, months, *terms, **parts):
    """Return the default plan with this API agreement, each term (band, commitments)."""
    agreed = tuple(ApiTerm(band_usd_per_year=band, commitment_usd=usd) for band, usd in terms)
    plan = plan_of(seats={"enterprise": {"offer": "list"}}, **parts)
    return plan.model_copy(update={"api": ApiAgreement(offer=offer, term_months=months, terms=agreed)})


def with_seats(*contracted, offer="quote", months=24, deal=DEAL, **parts):
    plan = plan_of(deal, **parts)
    agreement = SeatAgreement(offer=offer, term_months=months, contracted=contracted)
    return plan.model_copy(update={"seats": {**plan.seats, "enterprise": agreement}})


def test_the_default_plan_can_be_signed():
    assert violations(plan_of()) == []


# --- offers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "months", "message"),
    [
        ("none-such", 12, "api.offer: there is no offer 'none-such'; expected list, quote, ramped, free, alone"),
        (
            "quote",
            36,
            "api.term_months: a first term of 36 months cannot be had from 'quote'; it offers 12, 24 and the horizon "
            "is 36",
        ),
    ],
)
def test_offers_and_terms_exist(offer, months, message):
    assert violations(with_api(offer, months, (0, (0, 0, 0)))) == [message]


def test_a_first_term_is_not_longer_than_the_horizon():
    deal = example(replace=[("horizon_months: 36", "horizon_months: 24"), ("terms: [36]", "terms: [12, 36]")])
    plan = with_api("ramped", 36, (120_000, (100_000, 200_000)))
    plan = plan.model_copy(update={"seats": {}, "tracks": {}})
    assert violations(plan, deal)[0] == (
        "api.term_months: a first term of 36 months cannot be had from 'ramped'; it offers 12, 36 and the horizon is 24"
    )


def test_an_offer_must_have_the_part():
    plan = with_seats(60, 60, 60, offer="ramped", months=36)
    assert violations(plan) == [
        "seats.enterprise.offer: 'ramped' does not sell 'enterprise'; it sells no seats",
    ]


def test_both_parts_of_one_offer_have_one_term():
    plan = with_seats(150, 150, 171, api={"offer": "quote", "term_months": 12})
    assert violations(plan) == [
        "offers.quote.terms: api for 12 months, seats.enterprise for 24 months; all parts taken from one offer have "
        "the same term"
    ]


def test_an_exclusive_offer_stands_alone():
    plan = with_seats(150, 150, 171, api={"offer": "alone"})
    assert violations(plan) == [
        "offers.alone.exclusive: api from 'alone' beside a part from quote; an exclusive offer stands alone (or beside "
        "list)"
    ]
    assert violations(plan_of(api={"offer": "alone"}, seats={"enterprise": {"offer": "list"}})) == []


# --- API terms ----------------------------------------------------------------------------------------------------


def test_the_band_exists():
    plan = with_api("quote", 24, (150_000, (150_000, 150_000)), (100_000, (100_000,)))
    assert violations(plan) == [
        "offers.quote.api.bands: there is no band from 150,000 a year (api.terms[0]); the bands start at 0, 100,000, "
        "200,000"
    ]


def test_terms_and_years_are_complete():
    assert violations(with_api("quote", 24, (0, (0, 0)))) == [
        "api.terms: 1 given, but 'quote' for 24 months has 2 terms in the horizon, from month 0 (2027-01), 24 (2029-01)"
    ]
    assert violations(with_api("quote", 24, (0, (0,)), (0, (0,)))) == [
        "api.terms[0].commitment_usd: 1 given; expected 2, one per contract year of the term inside the horizon"
    ]


@pytest.mark.parametrize(
    ("usd", "possible"), [(99_999.99, False), (99_999.996, True), (100_000, True), (100_001, True)]
)
def test_the_threshold_is_met_to_half_a_cent(usd, possible):
    found = violations(with_api("quote", 24, (100_000, (usd, usd)), (0, (0,))))
    assert found == (
        []
        if possible
        else [
            "offers.quote.api.bands: commitment 99,999.99, 99,999.99 in api.terms[0], 99,999.99 a year in the mean; "
            "the band needs 100,000 a year"
        ]
    )


def test_nothing_committed_in_later_terms_is_told_how_an_agreement_is_left():
    assert violations(with_api("quote", 12, (100_000, (100_000,)), (100_000, (0, 0)))) == [
        "offers.quote.api.bands: commitment 0 from api.terms[1] on; the band needs 100,000 a year; to leave the "
        "agreement for list then, a proposal states at_list: [no, yes, yes] beside the commitment"
    ]


def test_years_are_equal_without_a_ramp():
    assert violations(with_api("quote", 24, (100_000, (100_000, 120_000)), (0, (0,)))) == [
        "offers.quote.api.ramp: commitment 100,000, 120,000 in api.terms[0]; expected equal years"
    ]


def test_a_band_from_zero_has_no_commitment():
    assert violations(with_api("quote", 24, (0, (10, 10)), (0, (0,)))) == [
        "offers.quote.api.bands: commitment 10, 10 in api.terms[0]; the band from 0 has no commitment"
    ]


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ((75_000, 150_000, 225_000), []),
        (
            (60_000, 120_000, 180_000),
            ["offers.ramped.api.step_usd: 120,000 in api.terms[0]; expected a multiple of 50,000"],
        ),
        (
            (150_000, 150_000, 150_000),
            [
                "offers.ramped.api.ramp: commitment 150,000, 150,000, 150,000 in api.terms[0]; expected the ramp's "
                "shape 0.5 : 1 : 1.5"
            ],
        ),
        (
            (50_000, 100_000, 150_000),
            [
                "offers.ramped.api.bands: commitment 50,000, 100,000, 150,000 in api.terms[0], 100,000 a year in the "
                "mean; the band needs 120,000 a year"
            ],
        ),
    ],
)
def test_a_ramp_has_its_shape_its_mean_and_its_step(amounts, found):
    assert violations(with_api("ramped", 36, (120_000, amounts))) == found


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ((80_000, 120_000), []),
        (
            (120_000, 80_000),
            ["offers.free.api.ramp: commitment 120,000, 80,000 in api.terms[0]; a free ramp never falls"],
        ),
    ],
)
def test_a_free_ramp_never_falls(amounts, found):
    assert violations(with_api("free", 24, (100_000, amounts), (0, (0,)))) == found


def test_a_renewal_at_list_has_no_commitment():
    plan = with_api("free", 24, (100_000, (100_000, 100_000)), (100_000, (100_000,)))
    assert violations(plan) == [
        "offers.free.renewal: band 100,000, commitment 100,000 in api.terms[1]; a renewal at list has no commitment"
    ]


# --- seats --------------------------------------------------------------------------------------------------------


def test_the_minimum_binds_where_some_cohort_takes_the_type():
    assert violations(with_seats(30, 60, 60)) == [
        "offers.quote.seats.enterprise.minimum: 30 seats contracted in contract year 1, the minimum is 50"
    ]
    tracks = {"makers": ["tool", "tool", "enterprise"]}
    deal = example(replace=[("provides: [sso]", "provides: [sso, scim]")])
    assert violations(with_seats(0, 0, 60, tracks=tracks, deal=deal), deal) == []
    assert violations(with_seats(0, 0, 40, tracks=tracks, deal=deal), deal) == [
        "offers.quote.seats.enterprise.minimum: 40 seats contracted in contract year 3, the minimum is 50"
    ]


def test_the_maximum_always_binds():
    assert violations(with_seats(60, 401, 60)) == [
        "offers.quote.seats.enterprise.maximum: 401 seats contracted in contract year 2, the maximum is 400"
    ]


@pytest.mark.parametrize(("second", "possible"), [(90, True), (89, False)])
def test_inside_a_term_only_the_reduction_right_goes_back(second, possible):
    """10 % of 100 may be given back inside the term of 24 months; at its renewal in year 3 anything may."""
    found = violations(with_seats(100, second, 50))
    assert found == (
        []
        if possible
        else [
            "offers.quote.seats.enterprise.reduction_right: 89 seats contracted in contract year 2 after 100 the year "
            "before; inside a term 10% may be given back, so at least 90"
        ]
    )


def test_list_seats_never_fall_inside_a_term_but_every_year_is_one():
    assert violations(with_seats(100, 60, 30, offer="list", months=12, tracks={"makers": "tool"}))[1:] == []


def test_a_count_per_contract_year():
    assert violations(with_seats(60, 60)) == ["seats.enterprise.contracted: 2 given; expected 3, one per contract year"]


# --- tracks -------------------------------------------------------------------------------------------------------


def with_tracks(**tracks):
    plan = plan_of()
    return plan.model_copy(update={"tracks": {**plan.tracks, **tracks}})


def test_a_track_is_one_the_cohort_may_take():
    assert violations(with_tracks(makers=("none",) * 3)) == [
        "cohorts.makers.tracks: 'none' in the plan; the cohort may take team-premium, enterprise, tool"
    ]
    assert violations(with_tracks(ghosts=("none",) * 3)) == ["tracks.ghosts: there is no cohort 'ghosts'"]
    assert violations(with_tracks(makers=("enterprise",))) == [
        "tracks.makers: 1 given; expected 3, one per contract year"
    ]


def test_a_seat_track_needs_an_agreement():
    assert violations(with_tracks(sellers=("team-standard",) * 3)) == [
        "tracks.sellers: 'team-standard' is taken, but no seat agreement for it stands under seats"
    ]


def test_a_seat_type_without_a_control_is_closed():
    plan = plan_of(tracks={"makers": "team-premium"})
    (found,) = violations(plan)
    assert found.startswith("cohorts.makers.requires: scim; team-premium from 'list' provides ")


def test_a_tool_has_its_own_controls_and_those_of_the_agreement():
    """The tool has sso only; scim comes with the API agreement of the quote, not with list."""
    closed, opened = plan_of(tracks={"makers": "tool"}), plan_of(tracks={"makers": "tool"}, api={"offer": "quote"})
    assert violations(closed) == [
        "cohorts.makers.requires: scim; tool with the API agreement 'list' provides no_training, rbac, spend_caps, "
        "sso, us_residency"
    ]
    assert violations(opened) == []


def test_tracks_change_only_where_every_agreement_starts_a_term():
    """The agreement of 24 months starts terms in years 1 and 3: a change in year 2 is inside a term."""
    offers = {"seats": {"enterprise": {"offer": "quote", "term_months": 24}}}
    assert violations(plan_of(tracks={"sellers": ["none", "none", "enterprise"]}, **offers)) == []
    assert violations(plan_of(tracks={"sellers": ["none", "enterprise", "enterprise"]}, **offers)) == [
        "tracks.sellers: changes from none to enterprise in contract year 2, but the enterprise agreement starts its "
        "terms in contract year 1, 3 only"
    ]


def test_a_workload_needs_its_controls_from_the_api_agreement():
    deal = example(replace=[("    today: {model: sonnet}", "    today: {model: sonnet}\n    requires: [audit_logs]")])
    assert violations(plan_of(deal), deal) == [
        "workloads.bot.requires: audit_logs; the API agreement 'list' provides no_training, rbac, spend_caps, "
        "us_residency"
    ]
    assert violations(plan_of(deal, api={"offer": "quote"}), deal) == []


def test_controls_on_both_lines_hold_for_the_api_and_every_seat_type_taken():
    deal = example(more="requires_on_both_lines: [scim]\n")
    plan = plan_of(deal, tracks={"sellers": "team-standard"})
    found = violations(plan, deal)
    assert [line.partition(" provides")[0] for line in found] == [
        "requires_on_both_lines: scim; the API agreement 'list'",
        "requires_on_both_lines: scim; team-standard from 'list'",
    ]
    assert violations(plan_of(deal, api={"offer": "quote"}), deal) == []


# --- routing ------------------------------------------------------------------------------------------------------


def routed(user="bot", part="routing", projects=("caching", "rerouting"), **shares):
    """Return the default plan with these shares of a user from month 12 on."""
    plan = plan_of(api={"offer": "quote"})
    renamed = {key.replace("_", "+"): share for key, share in shares.items()}
    routes = tuple(
        route.model_copy(update={"shares": renamed}) if route.from_month >= 24 else route
        for route in getattr(plan, part)[user]
    )
    return plan.model_copy(update={part: {**getattr(plan, part), user: routes}, "projects": {"bot": projects}})


THEN = "months 24 to 35 (2029-01 to 2029-12)"
"""Months of a message: the numbers as files have them, with their dates."""


def test_an_option_must_be_open():
    assert violations(routed(sonnet=0.5, gpt=0.5)) == [
        f"routing.bot[4].shares.gpt: 'gpt' is not open in {THEN}; open: sonnet, sonnet+cache, sonnet+batch, "
        "sonnet+cache+batch, opus, opus+cache, opus+batch, opus+cache+batch, haiku, haiku+cache, haiku+batch, "
        "haiku+cache+batch"
    ]


def test_shares_add_up():
    assert violations(routed(sonnet=0.5, opus=0.4)) == [
        f"routing.bot[4].shares: the shares in {THEN} add up to 0.9; expected 1 (100%)"
    ]
    assert violations(routed(sonnet=0.5, opus=0.5 + 5e-7)) == []


def test_a_project_must_be_bought():
    assert violations(routed(sonnet_cache=1, projects=("rerouting",))) == [
        f"workloads.bot.projects: 'sonnet+cache' is used in {THEN} and needs caching; bought: rerouting"
    ]
    assert violations(routed(sonnet=1, projects=("batch",))) == [
        "workloads.bot.projects: batch is bought; the workload has caching, rerouting"
    ]


@pytest.mark.parametrize(("batch", "possible"), [(0.5, True), (0.51, False)])
def test_batch_is_at_most_what_can_wait(batch, possible):
    found = violations(routed(sonnet=1 - batch, sonnet_batch=batch))
    assert found == (
        [] if possible else [f"workloads.bot.batchable: 51.00% in batch in {THEN}, at most 50.00% can wait"]
    )


def test_mean_quality_and_shares_of_models():
    """Half of each: quality 0.95. 61 % sonnet: 0.9456 and above its largest share. Opus alone: no sonnet."""
    assert violations(routed("reports", sonnet=0.5, opus=0.5)) == []
    assert violations(routed("reports", sonnet=0.61, opus=0.39)) == [
        f"workloads.reports.quality.mean_floor: mean 0.9456 in {THEN}, the floor is 0.95",
        f"workloads.reports.shares.sonnet.maximum: 61.00% in {THEN}, the maximum is 60.00%",
    ]
    assert violations(routed("reports", opus=1)) == [
        f"workloads.reports.shares.sonnet.minimum: 0.00% in {THEN}, the minimum is 20.00%"
    ]


def test_every_workload_and_metered_cohort_is_routed_in_every_epoch():
    plan = plan_of()
    bare = plan.model_copy(update={"routing": {"reports": plan.routing["reports"]}, "use": {}})
    assert violations(bare) == [
        "routing.bot: routes from month none; expected one per epoch, from month 0 (2027-01), 2 (2027-03), "
        "4 (2027-05), 12 (2028-01), 24 (2029-01)",
        "use.makers: routes from month none; expected one per epoch, from month 0 (2027-01), 12 (2028-01), "
        "24 (2029-01)",
    ]
    assert violations(plan.model_copy(update={"routing": {**plan.routing, "ghost": ()}})) == [
        "routing.ghost: there is no workload 'ghost'"
    ]


def test_every_violation_is_named_at_once():
    plan = with_seats(30, 500, 60, api={"offer": "quote"}).model_copy(update={"tracks": {"makers": ("tool",) * 3}})
    assert len(violations(plan)) == 3
