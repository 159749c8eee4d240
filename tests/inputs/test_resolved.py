"""A deal resolved: users with their open options, offers as they can be taken, seats with their prices."""

import copy
import pickle
from itertools import pairwise

import pytest

from deal_solve.deal.load import loads
from deal_solve.plan.plan import ApiAgreement
from deal_solve.plan.resolved import resolve

TEXT = """
start: 2027-01
horizon_months: 36
rates:
  controls: {private: {usage_multiplier: 1.2}}
workloads:
  app: {requests_per_month: 1, input_tokens: 9, output_tokens: 1, models: [opus], requires: [private]}
cohorts:
  staff:
    headcount: 10
    tracks: [enterprise]
    covered_share: {enterprise: 25%}
    use: {requests_per_user_month: 1, input_tokens: 9, output_tokens: 1, models: [haiku], usage_multiplier: 1.5}
  guests: {headcount: 5, tracks: [enterprise], covered_share: {enterprise: 100%}}
offers:
  quote:
    terms: [12, 24]
    provides: [private]
    renewal: list
    api: {bands: [{commit_usd_per_year: 5, discount: 1%}]}
    seats: {enterprise: {usd_per_user_month: 17, covered_share: 50%}}
  seats-only:
    terms: [36]
    seats: {enterprise: {}}
"""


@pytest.fixture(scope="module")
def deal():
    return loads(TEXT)


def test_a_workload_and_a_cohort_with_use_are_users_alike(deal):
    app, staff = resolve(deal).users.values()
    assert (app.name, app.is_workload, app.request, app.requires) == (
        "app",
        True,
        deal.workloads["app"],
        ("private",),
    )
    assert (staff.name, staff.is_workload, staff.request, staff.requires) == (
        "staff",
        False,
        deal.cohorts["staff"].use,
        (),
    )
    assert (app.usage_multiplier, staff.usage_multiplier) == (1.2, 1.5)  # the control's; the request's own


def test_epochs_cover_the_horizon_and_a_cohort_without_use_has_none(deal):
    epochs = resolve(deal).epochs("app")
    assert (epochs[0].start, epochs[-1].end) == (0, 36)
    assert all(before.end == after.start for before, after in pairwise(epochs))
    assert {option.key for epoch in epochs for option in epoch.options} == {"opus"}
    assert resolve(deal).epochs("guests") == ()


def test_an_offer_is_taken_with_its_renewals_in_the_horizon(deal):
    taken = resolve(deal).taken(ApiAgreement(offer="quote", term_months=24, terms=()))
    assert taken.offer is deal.offers["quote"] and taken.api is taken.offer.api
    assert [(span.start, span.end) for span in taken.spans] == [(0, 24), (24, 36)]
    assert [taken.is_at_list(span) for span in taken.spans] == [False, True]
    assert taken.starting(24) is taken.span_at(30) is taken.spans[1] and taken.starting(12) is None


def test_an_offer_on_the_table_says_what_can_be_taken_from_it(deal):
    offers = resolve(deal).offers
    assert list(offers) == ["list", "quote", "seats-only"]
    assert [offer.first_terms for offer in offers.values()] == [(12,), (12, 24), (36,)]
    assert offers["seats-only"].api is None and "private" in offers["quote"].api_provides
    assert resolve(deal).sellers("enterprise") == tuple(n for n, offer in offers.items() if "enterprise" in offer.seats)


def test_blanks_of_a_seat_are_filled_from_the_card(deal):
    own, blank = (resolve(deal).offers[name].seats["enterprise"] for name in ("quote", "seats-only"))
    assert own.usd == 17 and own.card_usd == blank.card_usd == blank.usd
    assert own.covered_share["staff"] == 0.25 and own.covered_share["guests"] == 1.0
    assert "private" in own.provides and "private" not in blank.provides


def test_a_deal_is_resolved_once_and_a_changed_copy_anew(deal):
    assert resolve(deal) is resolve(deal)
    other = deal.workloads["app"].model_copy(update={"models": ("haiku",)})
    changed = deal.model_copy(update={"workloads": {"app": other}, "offers": {}})
    assert list(resolve(changed).offers) == ["list"]
    assert [option.key for option in resolve(changed).epochs("app")[0].options] == ["haiku"]
    assert [option.key for option in resolve(deal).epochs("app")[0].options] == ["opus"]


@pytest.mark.parametrize("sent", [copy.copy, copy.deepcopy, lambda deal: pickle.loads(pickle.dumps(deal))])
def test_a_copy_or_a_deal_in_another_process_is_resolved_there(deal, sent):
    resolve(deal)
    there = sent(deal)
    assert there == deal and resolve(there).deal is there
    assert resolve(there).users == resolve(deal).users and resolve(there).offers == resolve(deal).offers


def test_epochs_share_their_options_until_a_model_a_retirement_or_a_project_changes_them():
    """Years 2 and 3 begin as year 1 ends; the cache is ready in month 5, and from then on nothing changes."""
    changed = TEXT.replace(
        "models: [opus], requires: [private]}",
        "models: [claude-opus-5], cache: {share: 50%, hit_rate: 50%}, projects: {caching: {ready_month: 5}}}",
    )
    epochs = resolve(loads(changed)).epochs("app")
    assert [epoch.start for epoch in epochs][:3] == [0, 5, 12]
    first, *later = [epoch.options for epoch in epochs]
    assert [option.key for option in first] == ["claude-opus-5"]
    assert [option.key for option in later[0]] == ["claude-opus-5", "claude-opus-5+cache"]
    assert all(options is later[0] for options in later)
