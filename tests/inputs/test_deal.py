"""The deal as an object: what is derived from it follows it."""

from deal_solve.deal.load import loads
from deal_solve.plan.resolved import resolve

TEXT = (
    "start: 2027-01\nhorizon_months: 12\nworkloads: {app: {requests_per_month: 1, input_tokens: 9, output_tokens: 1, "
    "models: [opus]}}\noffers: {quote: {api: {bands: [{commit_usd_per_year: 5, discount: 1%}]}}}"
)


def test_a_changed_copy_keeps_nothing_derived_from_the_old_deal():
    deal = loads(TEXT)
    assert [option.key for option in resolve(deal).epochs("app")[0].options] == ["opus"]
    assert deal.papers == ("list", "quote")
    other = deal.workloads["app"].model_copy(update={"models": ("haiku",)})
    changed = deal.model_copy(update={"workloads": {"app": other}, "offers": {}})
    assert [option.key for option in resolve(changed).epochs("app")[0].options] == ["haiku"]
    assert changed.papers == ("list",)
