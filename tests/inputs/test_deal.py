"""The deal as an object: what is derived from it follows it."""

import pickle

import numpy as np
import pytest

from deal_solve.deal.deal import Deal
from deal_solve.deal.load import load, loads
from deal_solve.plan.resolved import resolve
from tests.support.generators import random_deal
from tests.support.generators.estimate import read
from tests.support.paths import EXAMPLES, ROOT

DEALS = (*EXAMPLES, *sorted((ROOT / "tests" / "laws").glob("*.yaml")))
USAGE = {"requests_per_month": 1, "input_tokens": 9, "output_tokens": 1}
TEXT = (
    "start: 2027-01\nhorizon_months: 12\nworkloads: {app: {requests_per_month: 1, input_tokens: 9, output_tokens: 1, "
    "models: [opus]}}\noffers: {quote: {api: {bands: [{commit_usd_per_year: 5, discount: 1%}]}}}"
)


def test_a_changed_copy_keeps_nothing_derived_from_the_old_deal():
    deal = loads(TEXT)
    assert [option.key for option in resolve(deal).epochs("app")[0].options] == ["opus"]
    assert list(resolve(deal).offers) == ["list", "quote"]
    other = deal.workloads["app"].model_copy(update={"models": ("haiku",)})
    changed = deal.model_copy(update={"workloads": {"app": other}, "offers": {}})
    assert [option.key for option in resolve(changed).epochs("app")[0].options] == ["haiku"]
    assert list(resolve(changed).offers) == ["list"]


def test_where_a_deal_was_read_goes_with_it_and_is_no_part_of_it():
    deal = loads(TEXT, "deal.yaml")
    assert deal == loads("\n" + TEXT, "other.yaml")
    for kept in (deal.model_copy(update={"title": "A"}), pickle.loads(pickle.dumps(deal))):
        assert (kept.file, kept.line(("workloads", "app"))) == ("deal.yaml", 3)
    assert deal.model_copy(update={"title": "A"}).written == {**deal.written, "title": "A"}


def test_a_deal_that_was_not_read_has_no_lines_and_is_written_as_it_was_set():
    data = {"start": "2027-01", "workloads": {"app": {**USAGE, "models": ["opus"]}}}
    deal = Deal.model_validate(data)
    assert (deal.file, deal.lines, deal.written) == ("", {}, data)


@pytest.mark.parametrize("path", DEALS, ids=lambda path: path.stem)
def test_a_deal_reads_back_from_its_json(path):
    assert_the_same(load(path))


@pytest.mark.parametrize("seed", range(20))
def test_a_generated_deal_reads_back_from_its_json(seed):
    assert_the_same(read(random_deal(np.random.default_rng(seed))))


def assert_the_same(deal):
    """Hold a deal against the one read from its JSON: all fields, which of them were stated, and the card they make."""
    again = loads(deal.model_dump_json())
    assert again == deal
    assert again.model_dump(exclude_unset=True) == deal.model_dump(exclude_unset=True)
    assert again.card == deal.card
    assert Deal.model_validate_json(deal.model_dump_json()) == Deal.model_validate(deal.written) == deal
