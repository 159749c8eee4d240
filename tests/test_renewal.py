"""Later terms by table: hand-worked trees, no looking ahead, and the same cost in program and settlement."""

import pytest

from deal_solve import solve
from tests.test_hand_cases import APP, YEAR, futures, quote, read

TREE = {"low-fall": (60, 40), "low-grow": (60, 80), "high-hold": (100, 100), "high-grow": (100, 160)}


def tree(decided="observed", paths=TREE, horizon=24, risk="neutral", **api):
    """Return the deal of 9.1 over two years: 20 % off from any commitment, 12-month terms, overage at list."""
    return read(
        horizon,
        workloads={"app": APP},
        offers={"quote": quote((0.01, 0.2), **api)},
        scenarios=futures(paths),
        renewal_decisions=decided,
        risk=risk,
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
