"""One family of errors: whatever input is wrong, however it is made, is an InputError in the words of the file."""

import re

import pytest

from deal_solve import (
    Deal,
    DealSolveError,
    InputError,
    Plan,
    Proposal,
    SolveOptions,
    criteria,
    curve,
    load_card,
    loads,
    sample,
    scenarios_of,
    solve,
    value_at,
    varied,
)
from tests.support.deals import SMALL
from tests.support.solved import many_clauses

DEAL = loads(SMALL)
APP = {"requests_per_month": 1, "input_tokens": 9, "output_tokens": 1, "models": ["opus"]}
DATA = {"start": "2027-01", "workloads": {"app": APP}}

WRONG = {
    "a value": (lambda: Deal.model_validate({**DATA, "start": "soon"}), "start: 'soon' is not a month; expected one l"),
    "a key": (lambda: Deal.model_validate({**DATA, "offer": {}}), "offer: is not a known key; did you mean 'offers'?"),
    "no map": (lambda: Deal.model_validate([1]), "is not a deal; expected a map with start, workloads, cohorts …"),
    "a reference": (
        lambda: Deal.model_validate({"start": "2027-01", "workloads": {"app": {**APP, "models": ["opsu"]}}}),
        "workloads.app.models[0]: there is no model 'opsu'; did you mean 'opus'?",
    ),
    "text": (lambda: Deal.model_validate_json(b'{"start":\n "2027-01", "x": 1}'), "line 2: x: is not a known key"),
    "broken text": (lambda: Proposal.model_validate_json("{"), "line 2: is not valid YAML"),
    "a proposal": (lambda: Proposal.model_validate({"apy": {}}), "apy: is not a known key; did you mean 'api'?"),
    "a proposal in words": (lambda: Proposal(api={"offr": "x"}), "api.offr: is not a known key; did you mean 'offer'?"),
    "a plan": (lambda: Plan.model_validate({}), "api: is missing"),
    "a plan in words": (lambda: Plan(api=1), "api: expected a map with offer, term_months, terms, found 1"),
    "a gap": (lambda: solve(DEAL, gap=-0.1), "gap: -0.1 is no relative gap; expected 0 or more, such as 1e-6"),
    "a gap that is none": (lambda: SolveOptions(gap=float("nan")), "gap: nan is no relative gap"),
    "a time": (lambda: SolveOptions(time_limit=0), "time_limit: 0 is no time; expected seconds, or None"),
    "a method": (lambda: SolveOptions(method="cuts"), "method: 'cuts' is no method; expected decomposition or extens"),
    "a solver": (lambda: solve(DEAL, solver="x"), "there is no solver 'x' here"),
    "a card": (lambda: load_card("x"), "there is no rate card 'x'"),
    "a sample": (lambda: sample(Deal.model_validate(DATA), 0), "a sample of 0 cannot be"),
    "a path": (lambda: value_at(DEAL, "offers.q"), "offers.q: offers has no 'q'"),
    "a change": (lambda: varied(DEAL, {"title": 3}), "title: expected text, found 3"),
    "an offer": (lambda: curve(DEAL, scenarios_of(DEAL), "x"), "there is no offer 'x'"),
    "a criterion": (lambda: criteria(DEAL, scenarios_of(DEAL), ["x"]), "criteria: 'x' is not one"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_an_input_error_that_says_where(name):
    wrong, message = WRONG[name]
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        wrong()
    assert isinstance(caught.value, DealSolveError)
    assert caught.value.__cause__ is None, "no other library's error is shown"


def test_every_problem_is_listed():
    with pytest.raises(InputError) as caught:
        Deal.model_validate({"start": "soon", "workloads": {"app": {**APP, "output_tokens": -1}}})
    assert [problem.path for problem in caught.value.problems] == ["start", "workloads.app.output_tokens"]


def test_a_deal_of_plain_data_is_that_of_a_file():
    """Offers may extend each other, as in a file."""
    quote = {"api": {"bands": [{"commit_usd_per_year": 5, "discount": "1%"}]}}
    deal = Deal.model_validate({**DATA, "offers": {"quote": quote, "counter": {"extends": "quote", "title": "B"}}})
    assert deal.offers["counter"].api == deal.offers["quote"].api
    assert Deal.model_validate(deal) is deal


def test_what_is_right_is_made_as_before():
    plan = many_clauses().plan
    assert Plan(**plan.model_dump()) == Plan.model_validate_json(plan.model_dump_json()) == plan
