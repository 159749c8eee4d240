"""A model is known under every name its vendor, a cloud or a person gives it, and never taken for another one."""

import pytest

from deal_solve import InputError, Proposal, loads, solve
from deal_solve.deal.model_names import canonical, canonical_option, unknown_model
from deal_solve.deal.rate_card import FAMILIES, load_card
from deal_solve.plan.choices.choices import restriction_from

CARD = load_card()
HAIKU = "claude-haiku-4-5-20251001"
NAMES = {
    "the vendor's alias": ("claude-haiku-4-5", HAIKU),
    "the dated id": (HAIKU, HAIKU),
    "a snapshot of the day of release": ("claude-opus-5-5-20260922", "claude-opus-5-5"),
    "Bedrock": ("anthropic.claude-haiku-4-5-20251001-v1:0", HAIKU),
    "Bedrock, a region's profile": ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219"),
    "Bedrock, no date": ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
    "Bedrock, ARN": (f"arn:aws:bedrock:us-east-1::foundation-model/anthropic.{HAIKU}-v1:0", HAIKU),
    "Vertex": ("claude-opus-4-5@20251101", "claude-opus-4-5-20251101"),
    "Vertex, default": ("claude-sonnet-5@default", "claude-sonnet-5"),
    "latest": ("claude-3-7-sonnet-latest", "claude-3-7-sonnet-20250219"),
    "a router": ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
    "a display name": ("Claude Haiku 4.5", HAIKU),
    "a display name, old order": ("Claude 3.5 Haiku", "claude-3-5-haiku-20241022"),
    "a display name, no vendor": ("Opus 5.5", "claude-opus-5-5"),
    "a point zero": ("claude-sonnet-4-0", "claude-sonnet-4-20250514"),
    "a slot": ("haiku", "haiku"),
    "a variant": ("haiku-4-5", "haiku-4-5"),
    "no model": ("claude-haiku-9", "claude-haiku-9"),
    "another day": ("claude-sonnet-4-5-20250101", "claude-sonnet-4-5-20250101"),
}
DEAL = """
start: 2027-01
horizon_months: 12
tokens_counted_in: old
workloads:
  bot:
    requests_per_month: 1M
    input_tokens: 10000
    output_tokens: 1000
    today: {{model: {0}}}
    models: [{0}]
    quality: {{floor: 0.5, scores: {{{0}: 0.9}}}}
"""


@pytest.mark.parametrize("case", NAMES)
def test_a_name_means_the_model_it_names(case):
    name, meant = NAMES[case]
    assert canonical(name) == meant


@pytest.mark.parametrize("model", CARD.models, ids=lambda model: model.id)
def test_every_id_of_the_card_is_itself_and_its_alias_without_a_day(model):
    assert canonical(model.id) == model.id
    assert canonical(model.id.removesuffix(f"-{model.id[-8:]}") if model.id[-8:].isdigit() else model.id) == model.id


@pytest.mark.parametrize("name", ["claude-haiku-4-5", f"'us.anthropic.{HAIKU}-v1:0'", "Claude Haiku 4.5"])
def test_a_deal_that_uses_another_name_is_the_deal_with_the_id(name):
    """A million requests of 10,000 and 1,000 tokens a month cost 15,000 at 1 and 5 USD per million: 180,000 a year."""
    deal = loads(DEAL.format(name))
    assert deal == loads(DEAL.format(HAIKU))
    found = solve(deal)
    assert found.settlement.mean(found.settlement.cost) == pytest.approx(180_000)


@pytest.mark.parametrize("name", ["Claude Haiku", "HAIKU"])
def test_a_family_without_a_generation_is_the_slot(name):
    assert loads(DEAL.format(name)) == loads(DEAL.format("haiku"))


def test_pins_and_choices_know_the_same_names():
    deal = loads(DEAL.format(HAIKU))
    assert canonical_option("claude-haiku-4-5>Claude Opus 5+cached") == f"{HAIKU}>claude-opus-5+cached"
    pinned = Proposal.model_validate({"routing": {"bot": "claude-haiku-4-5"}})
    assert pinned == Proposal.model_validate({"routing": {"bot": HAIKU}})
    assert restriction_from(deal, ["routing.bot=claude-haiku-4-5"]).routing == pinned.routing


def test_an_override_under_another_name_changes_the_model_and_makes_no_new_one():
    deal = loads(DEAL.format(HAIKU) + "rates: {models: {claude-haiku-4-5: {input_usd_per_mtok: 0.9}}}\n")
    assert len(deal.card.models) == len(CARD.models)
    assert deal.card.rates(HAIKU).input_usd_per_mtok == 0.9


def test_one_model_under_two_names_in_a_map_is_refused():
    with pytest.raises(InputError) as caught:
        loads(DEAL.format(HAIKU).replace("scores: {", "scores: {claude-haiku-4-5: 0.8, "))
    said = f"'claude-haiku-4-5' and '{HAIKU}' are the same model; keep one of them"
    assert caught.value.problems[0].message == said


@pytest.mark.parametrize("model", CARD.models, ids=lambda model: model.id)
@pytest.mark.parametrize("spelt", ["{}x", "x{}", "{}-fast", "{}-20990101"])
def test_what_is_proposed_never_has_another_price(model, spelt):
    """Of every model, misspelt: the model itself is proposed, or nothing."""
    said = unknown_model(spelt.format(model.id), CARD, FAMILIES)
    assert "did you mean" not in said or f"did you mean {model.id!r}?" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("claude-hiku-4-5", f"; did you mean {HAIKU!r}?"),
        ("claude-haiku-9", "; of haiku the card has claude-haiku-5-5, "),
        ("sonet", "; did you mean 'sonnet'?"),
        ("claude-opus", "; did you mean 'opus'?"),
        ("gpt-5", "; expected opus, sonnet, haiku or fable, a model id such as "),
    ],
)
def test_what_is_no_model_is_answered_by_its_own_family_and_generation(name, said):
    with pytest.raises(InputError) as caught:
        loads(DEAL.format(name))
    assert caught.value.problems[0].message.startswith(f"there is no model {name!r}{said}")
