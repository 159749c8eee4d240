"""The deal as an object: what is derived from it follows it."""

import pickle

from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.plan.resolved import resolve

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
    deal = Deal.model_validate({"start": "2027-01", "title": "A"})
    assert (deal.file, deal.lines, deal.written) == ("", {}, {"start": "2027-01", "title": "A"})
