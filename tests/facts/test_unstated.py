"""What a file leaves unsaid is listed, where it matters, by the field that would change it."""

import json

import pytest

from deal_solve import Proposal, load, loads, scenarios_of, solve
from deal_solve.cli.main import run
from deal_solve.deal.edit import edited, varied
from deal_solve.facts.unstated import unstated
from deal_solve.outputs import to_json
from deal_solve.plan.completion.complete import complete
from deal_solve.report.unstated import unstated_list, unstated_sentences
from tests.support.paths import EXAMPLES

DEAL = """
start: 2027-01
horizon_months: 36
tokens_counted_in: old
workloads:
  bot:
    requests_per_month: 1M
    input_tokens: 10000
    output_tokens: 1000
    cache: {share: 80%, hit_rate: 80%}
    batchable: 50%
    today: {model: claude-sonnet-4-5}
cohorts:
  staff: {headcount: 40, tracks: [team-standard]}
offers:
  quote:
    terms: [12, 36]
    api: {bands: [{commit_usd_per_year: 100k, discount: 5%}], overage: list}
    seats: {team-standard: {usd_per_user_month: 40}}
"""


def called(capsys, *args):
    code = run(list(args))
    assert code == 0
    return capsys.readouterr().out


def rows(deal):
    return {row.path: (row.kind, row.value, row.compared) for row in unstated(deal)}


def test_everything_that_a_bare_file_leaves_unsaid_is_listed_by_the_field_that_would_change_it():
    """Claude Sonnet 4.5 retires on 2026-11-30, before the start: the newest Sonnet, 5.5, is priced in its place."""
    models = "claude-sonnet-4-5-20250929, opus, sonnet, haiku, fable"
    assert rows(loads(DEAL)) == {
        "uncertainty.list_price_change_per_year.models": ("list_price", "models", None),
        "workloads.bot.quality.floor": ("quality", None, models),
        "workloads.bot.projects.caching": ("project", 0.0, None),
        "workloads.bot.projects.batch": ("project", 0.0, None),
        "workloads.bot.projects.rerouting": ("project", 0.0, None),
        "workloads.bot.today.model": ("retired", "claude-sonnet-5-5", "claude-sonnet-4-5-20250929"),
        "offers.quote.renewal": ("clause", "at the same prices, leaving allowed", None),
        "offers.quote.price_protection": ("clause", "none (prices follow list, up and down)", None),
        "offers.quote.api.payment": ("clause", "prepaid", None),
        "offers.quote.api.unused": ("clause", "forfeited", None),
        "offers.quote.seats.team-standard.billing": ("clause", "a year in advance", None),
        "offers.quote.seats.team-standard.true_up": (
            "clause",
            "every month, retroactive, at the contracted price, to the year's end",
            None,
        ),
        "offers.quote.seats.team-standard.usd_per_user_month": ("price", 40.0, 20.0),
        "cohorts.staff.covered_share.team-standard": ("allowance", 1.0, "team-standard"),
        "rates.plans.team.maximum": ("maximum", 150.0, "team"),
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("workloads.bot.quality", {"floor": 0.5, "scores": {"sonnet": 0.9, "haiku": 0.8}}),
        ("workloads.bot.projects.caching", {"usd": 0}),
        ("workloads.bot.projects.rerouting", {"usd": "10k"}),
        ("workloads.bot.today.model", "claude-sonnet-5"),
        ("offers.quote.renewal", "same"),
        ("offers.quote.api.payment", "prepaid"),
        ("offers.quote.seats.team-standard.true_up", "annual-true-up"),
        ("offers.quote.seats.team-standard.usd_per_user_month", 20),
        ("cohorts.staff.covered_share", {"team-standard": 1}),
    ],
)
def test_what_is_stated_is_no_assumption(path, value):
    """Even where it is the default."""
    deal = loads(DEAL)
    gone = rows(deal).keys() - rows(varied(deal, {path: value})).keys()
    assert any(each.startswith(path) for each in gone)


def test_a_model_that_retires_in_between_is_said_with_its_month():
    deal = varied(loads(DEAL.replace("2027-01", "2026-10")), {"horizon_months": 12})
    (row,) = (row for row in unstated(deal) if row.kind == "retired")
    assert (row.month, row.value) == ("2026-12", "claude-sonnet-5-5")
    assert "is gone from 2026-12 on; claude-sonnet-5-5 answers in its place" in " ".join(unstated_sentences([row]))


def test_a_model_that_is_gone_is_never_printed_as_today(tmp_path, capsys):
    """What answers in its place is named, on the page and in what a settlement takes for granted."""
    path = tmp_path / "deal.yaml"
    path.write_text(DEAL)
    printed = " ".join(called(capsys, "solve", str(path), "--full").split())
    assert "as today" not in printed and "As today" not in printed
    assert "with claude-sonnet-5-5 for claude-sonnet-4-5-20250929" in printed
    deal = load(path)
    _, assumed = complete(deal, Proposal(), scenarios_of(deal))
    text = " ".join(assumed)
    assert "(claude-sonnet-5-5 in place of claude-sonnet-4-5-20250929, which is gone)" in text
    assert "as today" not in text


def test_projects_of_a_workload_and_clauses_of_an_offer_are_one_sentence_each():
    text = "\n".join(unstated_sentences(unstated(loads(DEAL))))
    assert "workloads.bot.projects: no project is given, so caching and batch and rerouting cost nothing" in text
    renewal = "renewal is at the same prices, leaving allowed"
    protection = "price_protection is none (prices follow list, up and down)"
    assert f"offers.quote: not stated, so {renewal}, {protection}, api.payment is prepaid, api.unused is" in text
    assert text.count("offers.quote: ") == 1


def test_check_solve_and_json_say_the_same_list(tmp_path, capsys):
    path = tmp_path / "deal.yaml"
    path.write_text(DEAL)
    deal = load(path)
    expected = unstated_list(unstated(deal))
    assert expected in called(capsys, "check", str(path))
    assert expected in called(capsys, "solve", str(path), "--show", "assumed")
    page = called(capsys, "solve", str(path))
    assert " more assumptions: --show assumed" in page
    assert "list prices assumed: models stay as they are today" in " ".join(page.split())
    written = json.loads(to_json(solve(deal)))["unstated"]
    assert [row["path"] for row in written] == [row.path for row in unstated(deal)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_path_is_a_place_of_the_file_or_of_the_card(path):
    """What is listed can be written where it says."""
    deal = load(path)
    for row in unstated(deal):
        if row.kind == "maximum":  # `rates` may be one word, and is then written as a map
            assert [plan.maximum for plan in deal.card.plans if plan.id == row.compared] == [row.value]
        else:
            edited(deal, {row.path: None})


def test_a_model_that_people_or_a_workload_may_use_and_that_retires_is_named_once():
    """Claude Opus 4.1 is given a retirement in May 2028: from June on the newest Opus answers people in its place."""
    deal = loads(
        DEAL.replace(
            "tracks: [team-standard]}",
            "tracks: [team-standard], use: {requests_per_user_month: 9, input_tokens: 900, output_tokens: 90, "
            "models: [sonnet, claude-opus-5]}}",
        ).replace("today: {model: claude-sonnet-4-5}", "today: {model: claude-opus-5}\n    models: [claude-opus-5]")
        + "rates: {card: claude@2026-11-23, models: {claude-opus-5: {retires: 2028-05-31}}}\n"
    )
    retired = {row.path: (row.value, row.compared, row.month) for row in unstated(deal) if row.kind == "retired"}
    assert retired == {
        "workloads.bot.today.model": ("claude-opus-5-5", "claude-opus-5", "2028-06"),
        "cohorts.staff.use.models[1]": ("claude-opus-5-5", "claude-opus-5", "2028-06"),
    }
    text = unstated_list(unstated(deal)).replace("\n  ", " ")
    assert "cohorts.staff.use.models[1]: claude-opus-5 is gone from 2028-06 on; claude-opus-5-5 answers" in text


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("-15%", "-15% a year"),
        ("{p10: -30%, p50: -15%, p90: 0%}", "-15% a year (P10 -30%, P90 0%)"),
        ("[-20%, 5%, 0]", "-20%, +5%, 0% in years 1 to 3"),
        ("0%", None),
    ],
)
def test_how_list_prices_are_assumed_to_move_is_said_where_they_do(stated, words):
    deal = loads(f"{DEAL}uncertainty: {{list_price_change_per_year: {{models: {stated}}}}}\n")
    said = [sentence for sentence in unstated_sentences(unstated(deal)) if sentence.startswith("uncertainty.")]
    path = "uncertainty.list_price_change_per_year.models"
    assert said == [f"{path}: assumed, list prices of models {words}"] * (words is not None)


def test_list_prices_that_each_scenario_states_are_no_assumption():
    deal = loads(f"{DEAL}scenarios: {{one: {{weight: 1, list_price_index: {{opus: 0.9}}}}}}\n")
    assert not [row for row in unstated(deal) if row.kind == "list_price"]


@pytest.mark.parametrize(("own", "is_asked"), [("", True), ("    tokens_counted_in: as_run\n", False)])
def test_the_tokenizer_is_asked_for_where_a_request_does_not_state_its_own(own, is_asked):
    without = DEAL.replace("tokens_counted_in: old\n", "")
    deal = loads(without.replace("    today:", f"{own}    today:"))
    assert ("tokens_counted_in" in [each.path for each in unstated(deal)]) is is_asked
