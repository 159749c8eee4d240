"""In which tokenizer's counts a file is written, workload by workload (model §2), by hand."""

import pytest

from deal_solve.analysis.check.findings import findings
from deal_solve.deal.load import loads
from deal_solve.errors import InputError
from deal_solve.optimise.solve import solve
from deal_solve.uncertainty.expansion import scenarios_of

EXPORT = """
start: 2027-01
horizon_months: 12
rates: claude@2026-11-23
workloads:
  reviews:
    requests_per_month: 1000
    input_tokens: 1631.112
    output_tokens: 372.374
    today: {model: claude-haiku-4-5-20251001}
    models: [claude-haiku-4-5-20251001]
"""
"""The export of two hours on Haiku 4.5, at 1 and 5 a million in its own tokens, of an old generation."""
STAFF = """
cohorts:
  staff:
    headcount: 10
    tracks: [chat]
    use: {requests_per_user_month: 100, input_tokens: 10k, output_tokens: 0, models: [claude-sonnet-4-6]}
internal_tools: {chat: {}}
"""


def cost(text: str) -> float:
    return solve(loads(text)).objective_usd


def remarks(text: str) -> list[str]:
    deal = loads(text)
    return [str(each) for each in findings(deal, scenarios_of(deal)) if "tokens_counted_in" in each.path]


def test_counts_as_run_are_those_of_the_model_that_runs_today() -> None:
    """(1 631.112 · 1 + 372.374 · 5) / 10^6 · 12 000 = 41.92; taken for counts of a new generation 41.92 / 1.3."""
    assert cost(f"{EXPORT}    tokens_counted_in: as_run\n") == pytest.approx(41.92, abs=0.005)
    assert cost(f"{EXPORT}    tokens_counted_in: old\n") == pytest.approx(41.92, abs=0.005)
    assert cost(EXPORT) == pytest.approx(41.92 / 1.3, abs=0.01)


def test_the_deal_may_say_as_run_for_all_and_a_workload_otherwise() -> None:
    text = f"{EXPORT}tokens_counted_in: as_run\n"
    assert cost(text) == pytest.approx(41.92, abs=0.005)
    apart = text.replace("    models:", "    tokens_counted_in: new\n    models:")
    assert cost(apart) == pytest.approx(41.92 / 1.3, abs=0.01)


def test_a_slot_is_the_newest_model_of_its_family_today() -> None:
    """Haiku 5.5 is of the new generation, so its counts are 1.3 of what Haiku 4.5 counts."""
    text = EXPORT.replace("today: {model: claude-haiku-4-5-20251001}", "today: {model: haiku}")
    assert cost(f"{text}    tokens_counted_in: as_run\n") <= cost(f"{text}    tokens_counted_in: new\n") + 1e-9


def test_each_user_of_tokens_has_its_own_counts() -> None:
    """10 people · 100 · 10 000 tokens a month at 3 a million: 30 · 12 = 360 in old tokens, 360 / 1.3 in new ones."""
    old = STAFF.replace("output_tokens: 0,", "output_tokens: 0, tokens_counted_in: old,")
    assert cost(EXPORT + old) - cost(EXPORT) == pytest.approx(360, abs=0.01)
    assert cost(EXPORT + STAFF) - cost(EXPORT) == pytest.approx(360 / 1.3, abs=0.01)


def test_counts_of_another_generation_than_todays_are_found_where_nobody_said_so() -> None:
    (found,) = remarks(EXPORT)
    assert found.startswith("workloads.reviews.tokens_counted_in: the token counts are taken as those of the new")
    assert "state as_run if they were counted by it (then they cost +30%), else new" in found
    assert not remarks(f"{EXPORT}    tokens_counted_in: new\n")
    assert not remarks(f"{EXPORT}tokens_counted_in: new\n")
    assert not remarks(f"{EXPORT}tokens_counted_in: as_run\n")
    assert not remarks(EXPORT.replace("claude-haiku-4-5-20251001", "haiku"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{EXPORT}    tokens_counted_in: odl\n", "workloads.reviews.tokens_counted_in: there is no tokenizer"),
        (
            EXPORT.replace("    today: {model: claude-haiku-4-5-20251001}\n", "    tokens_counted_in: as_run\n"),
            "no today",
        ),
        (f"{EXPORT}tokens_counted_in: as_run\n{STAFF}", r"cohorts.staff.use.tokens_counted_in: as_run is"),
    ],
)
def test_a_generation_that_is_not_known_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        loads(text)
