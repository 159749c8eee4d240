"""Later terms by table: hand-worked trees, no looking ahead, and the same cost in program and settlement."""

import json
from dataclasses import replace

import numpy as np
import pytest

from deal_solve import InputError, Plan, Proposal, complete, loads, sample, scenarios_of, settle, simulate, solve
from deal_solve.plan.plan import ApiTerm
from deal_solve.plan.renewal_buckets import buckets_of, observed
from tests.support.both_methods import SEED, agree, generated, solved
from tests.support.generators import random_deal
from tests.support.generators.estimate import read as read_data
from tests.support.hand_deals import APP, YEAR, explicit, quote, read
from tests.support.samples import seeds

TREE = {"low-fall": (60, 40), "low-grow": (60, 80), "high-hold": (100, 100), "high-grow": (100, 160)}


def tree(decided="observed", paths=TREE, horizon=24, risk="neutral", limits=(), **api):
    """Return the deal of 9.1 over two years: 20 % off from any commitment, 12-month terms, overage at list."""
    return read(
        horizon,
        workloads={"app": APP},
        offers={"quote": quote((0.01, 0.2), **api)},
        scenarios=explicit(paths),
        renewal_decisions=decided,
        risk=risk,
        limits=list(limits),
    )


def covered(term):
    """Return the list value that the commitment of a term's first year covers, in 12 USD."""
    return term.commitment_usd[0] / 0.8 / YEAR


@pytest.mark.parametrize("method", ["decomposition", "extensive"])
def test_a_table_over_what_was_observed_and_no_more(method):
    """Committing for C of list value costs 0.8·C + max(0, D - C): best is the lowest D with F(D) >= 0.2.

    Year 1: D = 60, 60, 100, 100, so C = 60: 48 + 20 = 68. Year 2 decided at signing: D = 40, 80, 100, 160, so C = 40:
    32 + (0 + 40 + 60 + 120) / 4 = 87, in all 155. By table over year 1: after 60 D = 40, 80, so C = 40: 32 + 20 = 52;
    after 100 D = 100, 160, so C = 100: 80 + 30 = 110; mean 81, in all 149. Whoever knew year 2 would commit all of it:
    0.8 · 95 = 76, in all 144, which no table allows.
    """
    at_signing, by_table = (solve(tree(how), method=method) for how in ("at_signing", "observed"))
    assert at_signing.objective_usd == pytest.approx(YEAR * 155)
    assert at_signing.plan.later == ()
    assert by_table.objective_usd == pytest.approx(YEAR * 149)
    assert by_table.method == method
    assert covered(by_table.plan.api.terms[0]) == pytest.approx(60)
    (table,) = by_table.plan.later
    assert (table.month, table.usage_edges_usd, table.users_edges) == (12, (960.0,), ())
    assert [covered(row.api) for row in table.rows] == pytest.approx([40, 100])
    assert [row.probability for row in table.rows] == pytest.approx([0.5, 0.5])


def test_a_row_may_commit_to_nothing():
    """Year 1 covers 60 of list value at 20 % off; year 2 nothing at list after 60, and 100 after 100.

    (60, 40): 48 + 40 = 88; (60, 80): 48 + 80 = 128; (100, 100): 48 + 40 + 80 = 168; (100, 160): 88 + 80 + 60 = 228.
    """
    deal = tree(bands=[{"commit_usd_per_year": usd, "discount": off} for usd, off in ((0, 0), (0.01, 0.2))])
    plan = solve(deal).plan
    (table,) = plan.later
    low, high = table.rows
    free = low.model_copy(update={"api": ApiTerm(band_usd_per_year=0, commitment_usd=(0,))})
    changed = plan.model_copy(update={"later": (table.model_copy(update={"rows": (free, high)}),)})
    settlement = settle(deal, changed, scenarios_of(deal))
    assert settlement.cost == pytest.approx([YEAR * usd for usd in (88, 128, 168, 228)])
    assert [record.commitment_usd.tolist() for record in settlement.drawdown] == [
        pytest.approx([YEAR * 48] * 4),
        pytest.approx([0, 0, YEAR * 80, YEAR * 80]),
    ]


def test_a_table_over_users():
    """The same tree in users: a seat contracted costs 16, one added by true-up 20 (list); so 155 becomes 149."""
    people = {name: {"weight": 1, "active_users": {"staff": path}} for name, path in TREE.items()}
    part = {"usd_per_user_month": 16, "list_usd_per_user_month": 20, "true_up": {"price": "list"}, "billing": "monthly"}
    part["initial_order"] = "free"
    staff = {"headcount": 1, "tracks": ["seat"]}
    costs = []
    for decided in ("at_signing", {"users": 2}):
        deal = read(
            24,
            cohorts={"staff": staff},
            offers={"quote": {"terms": [12], "seats": {"seat": part}}},
            scenarios=people,
            renewal_decisions=decided,
        )
        solution = solve(deal)
        costs.append(solution.objective_usd)
    assert costs == pytest.approx([20 * 12 * 155, 20 * 12 * 149])
    (table,) = solution.plan.later
    assert table.users_edges == (80,)
    assert [row.seats["seat"] for row in table.rows] == [(40,), (100,)]
    seats = solution.settlement.seats["seat"].contracted
    assert seats.tolist() == [[60, 60, 60, 60], [40, 40, 100, 100]]


THREE = {
    f"{first}-{second}-{third}": (first, second, third)
    for first, second, third in ((60, 40, 30), (60, 80, 90), (100, 90, 50), (100, 120, 110), (100, 160, 200))
}
CAUTIOUS = {"weight": 0.7, "on": "cost", "confidence": 0.6}
BUDGETS = [
    {"measure": "cvar", "of": "contract year 2", "at_most": 1_700, "confidence": 0.8},
    {"probability_within": 0.8, "of": "total", "at_most": 3_400},
]


@pytest.mark.parametrize(
    ("risk", "limits"),
    [
        ("neutral", []),
        (CAUTIOUS, []),
        ({**CAUTIOUS, "on": "loss"}, []),
        ({"criterion": "worst"}, []),
        ({"criterion": "regret"}, []),
        ("neutral", BUDGETS[:1]),
        ("neutral", BUDGETS[1:]),
        ("neutral", [{"measure": "worst", "of": "committed", "at_most": 2_000}]),
    ],
)
def test_both_methods_agree_and_a_table_is_never_worse(risk, limits):
    """Three years, two tables: whatever is minimised or limited, deciding later can only help."""

    def solved(decided, method):
        clauses = {"unused": {"rollover": 0.3}, "payment": "arrears", "overage": {"premium": 0.2}}
        return solve(tree(decided, THREE, 36, risk=risk, limits=limits, **clauses), method=method)

    by_cuts, written_out = (solved({"usage": 3}, method) for method in ("decomposition", "extensive"))
    assert by_cuts.objective_usd == pytest.approx(written_out.objective_usd, rel=1e-6)
    assert by_cuts.objective_usd <= solved("at_signing", "decomposition").objective_usd + 0.01
    assert [table.month for table in by_cuts.plan.later] == [12, 24]
    for limit in limits:
        if limit["of"] == "committed":
            assert by_cuts.settlement.committed_usd <= limit["at_most"] + 0.01


SAMPLED = {
    "start": "2027-01",
    "horizon_months": 24,
    "rates": {"card": "claude@2026-11-23"},
    "workloads": {
        "app": {
            "requests_per_month": "1M ± 30%",
            "growth_per_year": {"low": "-40%", "high": "150%"},
            "input_tokens": 5000,
            "output_tokens": 800,
            "models": ["sonnet", "haiku"],
            "quality": {"scores": {"sonnet": 0.9, "haiku": 0.8}, "mean_floor": 0.86},
            "monthly_noise": 0.4,
        }
    },
    "cohorts": {
        "staff": {
            "headcount": 60,
            "active_share": {"low": "50%", "high": "90%"},
            "headcount_growth_per_year": {"low": "-20%", "high": "60%"},
            "tracks": ["team-standard", "assistant"],
            "use": {
                "requests_per_user_month": 100,
                "input_tokens": 3000,
                "output_tokens": 500,
                "models": ["sonnet", "haiku"],
            },
        }
    },
    "internal_tools": {"assistant": {"build_usd": 5_000, "run_usd_per_month": 500}},
    "offers": {
        "quote": {
            "terms": [12],
            "api": {
                "bands": [
                    {"commit_usd_per_year": "20k", "discount": "10%"},
                    {"commit_usd_per_year": "200k", "discount": "20%"},
                ]
            },
        }
    },
    "uncertainty": {"list_price_change_per_year": {"models": {"low": "-40%", "high": "5%"}}},
}


def sampled(decided, **changes):
    """Return a deal with bands that is decided so."""
    return loads(json.dumps({**SAMPLED, "renewal_decisions": decided, **changes}))


def shuffled(scenarios, buckets, seed):
    """Return the set with what comes after month 12 dealt anew among the scenarios of a bucket."""
    order = np.arange(scenarios.size)
    rng = np.random.default_rng(seed)
    for bucket in np.unique(buckets):
        members = np.flatnonzero(buckets == bucket)
        order[members] = rng.permutation(members)

    def dealt(paths):
        return {name: np.vstack([path[:12], path[12:, order]]) for name, path in paths.items()}

    fields = ("requests", "users", "per_user", "index")

    return replace(scenarios, **{name: dealt(getattr(scenarios, name)) for name in fields})


def decisions(settlement):
    """Return commitment by period and scenario, and contracted seats by type, year and scenario."""
    seats = [facts.contracted for facts in settlement.seats.values()]
    return np.vstack([*(record.commitment_usd for record in settlement.drawdown), *seats])


def test_on_samples_what_comes_later_moves_no_decision():
    """Scenarios of one bucket swap what comes after month 12: every one still gets the same decisions, at the same
    cost.

    Terms are of 12 months and nothing is carried over, so year 2 costs a bucket the same in whatever order it comes.
    """
    deal = sampled({"usage": 3})
    scenarios = sample(deal, 64, seed=5).in_memory()
    _, buckets = buckets_of(deal, scenarios)[12]
    other = shuffled(scenarios, buckets, seed=1)
    assert not np.array_equal(other.requests["app"], scenarios.requests["app"])
    before, after = solve(deal, scenarios), solve(deal, other)
    assert len(before.plan.later[0].rows) == 3
    assert after.objective_usd == pytest.approx(before.objective_usd, rel=2e-6)
    assert decisions(after.settlement) == pytest.approx(decisions(before.settlement), rel=1e-4, abs=1)
    kept = settle(deal, before.plan, other)
    assert np.array_equal(decisions(kept), decisions(before.settlement))
    assert np.array_equal(kept.by_year[0], before.settlement.by_year[0])


def test_a_table_is_worth_something_only_where_the_past_tells_of_the_future():
    """Year 2 dealt so that both buckets see 40 and 160 (or 80 and 100): the table is worth nothing; foresight would be.

    Both buckets: D = 40, 160, so C = 40 in each: 32 + 60 = 92, and 68 for year 1.
    """
    blind = {"a": (60, 40), "b": (60, 160), "c": (100, 40), "d": (100, 160)}
    at_signing, by_table = (solve(tree(how, blind)) for how in ("at_signing", "observed"))
    assert at_signing.objective_usd == pytest.approx(YEAR * 160)
    assert by_table.objective_usd == pytest.approx(YEAR * 160)
    assert by_table.plan.later == ()


@pytest.mark.parametrize("changes", [{}, {"risk": {"weight": 0.5, "confidence": 0.8}}])
def test_on_samples_a_table_is_never_worse(changes):
    costs = {}
    for decided in ("at_signing", "observed", {"usage": 2, "users": 2}):
        deal = sampled(decided, **changes)
        solution = solve(deal, sample(deal, 128, seed=2))
        costs[str(decided)] = solution.objective_usd
    at_signing, usage, both = costs.values()
    assert usage <= at_signing * (1 + 2e-6)
    assert both <= at_signing * (1 + 2e-6)
    assert min(usage, both) < at_signing * 0.999


def test_many_futures_are_searched_where_a_pilot_leads():
    """Buckets of the pilot are those of the whole set; the bound is that of all scenarios."""
    deal = sampled("observed", risk={"weight": 0.3})
    found = solve(deal, sample(deal, 5000, seed=3))
    assert (found.method, found.status) == ("decomposition", "optimal")
    assert found.gap <= 1e-6
    (table,) = found.plan.later
    assert [row.probability for row in table.rows] == pytest.approx([1 / 3] * 3, abs=1e-3)


@pytest.mark.parametrize("number", seeds((1, 2, 3), 7))
def test_generated_deals_agree_and_are_never_worse(number):
    """Every clause there is, on every path: both methods find one optimum, the settlement its cost to the cent."""
    data = random_deal(np.random.default_rng([SEED, number]))
    if generated(number) is None or data["horizon_months"] < 24:
        return
    deal = read_data({**data, "renewal_decisions": {"usage": 2} if number % 2 else {"users": 2}})
    agree(deal)
    at_signing, by_table = solved(read_data(data), "decomposition")[0], solved(deal, "decomposition")[0]
    if at_signing is not None:
        assert by_table <= at_signing + max(0.02, 2e-6 * at_signing)


def test_a_plan_with_tables_is_a_proposal_and_settles_anywhere():
    """Through JSON and back, block by block and one by one: each scenario finds its row by itself."""
    deal = sampled({"usage": [300_000]}, risk={"weight": 0.3, "confidence": 0.9})
    plan = solve(deal, sample(deal, 128, seed=2)).plan
    (table,) = plan.later
    assert table.usage_edges_usd == (300_000,)
    again, assumed = complete(deal, Proposal.model_validate_json(plan.model_dump_json()), scenarios_of(deal))
    assert (again, assumed) == (plan, ())
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    many = sample(deal, 5000, seed=9)
    settled = settle(deal, plan, many)
    usage, _ = observed(deal, many.block(1), 12)
    chosen = np.where(usage <= 300_000, *(row.api.commitment_usd[0] for row in table.rows))
    assert settled.drawdown[1].commitment_usd[4096:].tolist() == chosen.tolist()
    assert settled.weights @ settled.cost == pytest.approx(simulate(deal, plan, many).mean_usd)
    for index in (0, 4500):
        invoice = settled.invoice(index)
        assert invoice["amount_usd"].sum() == pytest.approx(settled.undiscounted[index])


@pytest.mark.parametrize(
    ("decided", "words"),
    [
        ("tomorrow", "'tomorrow' is no way to decide"),
        ({"usage": 0}, "0 buckets; expected 1 to 10"),
        ({"usage": [5, 5]}, "edges out of order"),
        ({"seats": 3}, "seats"),
    ],
)
def test_what_cannot_be_observed_is_refused(decided, words):
    with pytest.raises(InputError, match=words):
        tree(decided)


def test_too_many_paths_are_refused():
    """Ten buckets at two renewals of a hundred scenarios that all differ."""
    many = {f"f{n}": (50 + n, 50 + n * 37 % 101, 1) for n in range(100)}
    with pytest.raises(InputError, match="combinations of the buckets"):
        solve(tree({"usage": 10}, many, 36))


def test_tables_that_do_not_fit_are_refused():
    deal = tree()
    plan = solve(deal).plan
    (table,) = plan.later
    for broken, words in (
        (table.model_copy(update={"month": 13}), "tables of months"),
        (table.model_copy(update={"rows": table.rows[:1]}), "1 given; expected 2"),
        (table.model_copy(update={"rows": (table.rows[0].model_copy(update={"seats": {"x": (1,)}}),) * 2}), "seats.x"),
    ):
        with pytest.raises(InputError, match=words):
            settle(deal, plan.model_copy(update={"later": (broken,)}), scenarios_of(deal))
    with pytest.raises(InputError, match="cannot be pinned"):
        solve(deal, fix=Proposal.model_validate(plan.model_dump()))
